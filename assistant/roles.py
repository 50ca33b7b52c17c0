"""Who leads what: English questions about the lead of a cluster, answered from the table of roles.

Search finds that IOM leads the shelter cluster in seven countries. It cannot
tell that this is no global lead, that Kenya is not among them, or that the text
names IOM as the lead for camps in natural disasters only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.text import FUNCTION_WORDS, fold, words
from assistant.understanding import Understanding
from corpus.types import Role

_LEADS = re.compile(
    r"\b(?:co-?)?lead(?:s|er|ers|ing)?\b|\bled\b|\bhead(?:s|ed|ing)?\b|\bchairs?\b|\bin charge\b|\bat the (?:head|helm|top)\b|\b(?:runs?|steers?|coordinat(?:es?|ed|ing|or))\b"
)
#: The words of such a question beside what is led, by whom and where.
_ASKING = frozenset(
    "co cluster clusters agency agencies organisation organization body lead leads leader leading leadership lead-agency co-lead co-leads colead "
    "led head heads headed heading charge chair chairs helm top run runs steer steers coordinate coordinates coordinated coordinating coordinator iom we us global globally worldwide world overall true correct right document "
    "text framework say says said according role country countries situation situations setting settings emergency emergencies response case "
    "also just really everywhere every time times capacity exactly officially who which paper chosen appointed selected picked named designated supposed".split()
)
#: What is a cluster's name and nothing else's.
_CLUSTERS_ONLY = ("cccm", "camp coordination and camp management", "camp coordination", "camp management")
_GLOBAL = re.compile(r"\bglobal(?:ly)?\b|\bworld(?:wide)?\b|\boverall\b|\beverywhere\b|\bin general\b")
_WHO = re.compile(r"\bwho\b|\b(?:which|what) (?:agency|organi[sz]ation|body|actor|partner|un agency)\b")
#: Asks for all that IOM leads.
_WHICH_CLUSTERS = re.compile(
    r"^\W*(?:(?:so|and|ok|please|tell me) )*(?:which|what) (?:global )?clusters? (?:(?:does|do|is|are) )?(?:iom|we)\b (?:the )?(?:global )?(?:lead(?:s|ing|er of)?|head(?:s|ing)?|in charge of|co-?lead)\W*$"
)
#: Asks for the places alone, or for what only the sentence itself tells.
_OTHER = re.compile(
    r"\bwhere\b|\b(?:which|what) (?:countr\w+|places?|clusters?|kind|sort|type)\b|\bhow\b|\bwhy\b|\bwhen\b|\bwith whom\b|\bwho (?:else )?with\b|\bdifference\b|\bcompar\w*|\bor\b|\bonly\b|\bnot\b|n't\b"
)


#: Asks for assent to what was said: "..., isn't it?".
_TAG = re.compile(
    r"\W*\b(?:(?:is|are|does|do|did|was)n't (?:it|that|they|he|she)|right|correct|(?:is|am) (?:that|this|i) (?:right|correct|true)|no|yes)\W*$"
)
#: A body that leads, or that something is led by.
_LED_BY = r"\b{0} (?:\w+ ){{0,2}}?(?:co-?)?(?:leads?|led|heads?|headed|chairs?|runs?|steers?|coordinat\w+|in charge)\b|\b(?:led|headed|chaired|run|steered|coordinated) by (?:the )?{0}\b|\b(?:does|did|is|was|has|would|will|should) (?:the )?{0}\b"
_CAPITALS = re.compile(r"\b[A-Z]{2,8}\b")
#: Asks for the reason of a lead, which the table does not tell unless it is none.
_WHY = re.compile(r"^\W*(?:(?:so|and|but|ok) )*why\b")


@dataclass(frozen=True, slots=True)
class RoleAsked:
    """The rows that a question about a lead is answered from, and how.

    ``verdict`` is "" where the rows answer, "only" where the text says it for less than is asked, "unnamed" where it names
    nobody for what is asked.
    """

    subject: str
    rows: tuple[Role, ...]
    verdict: str


def may_ask_lead(text: str) -> bool:
    """Whether a text has a word that a question about a lead needs."""
    return _LEADS.search(fold(text)) is not None


def role_asked(
    u: Understanding, table: Sequence[Role], is_name: Callable[[str], bool], names: Callable[[Role, str], bool]
) -> RoleAsked | None:
    """What the table says on the lead that a question asks about; None for any other question.

    ``is_name`` tells the words that are names of places, ``names`` whether the fact of a row names a body.
    """
    found = _asked(u, table, is_name, names)
    # why somebody leads is told by the text, why somebody leads what he does not by the table
    return None if found is not None and not found.verdict and _WHY.match(fold(u.question)) else found


def _asked(
    u: Understanding, table: Sequence[Role], is_name: Callable[[str], bool], names: Callable[[Role, str], bool]
) -> RoleAsked | None:
    """The same of any question about a lead, also for its reason."""
    folded = _TAG.sub("", fold(u.question))
    if u.language != "en" or u.follow_up or not _LEADS.search(folded):
        return None
    if _WHICH_CLUSTERS.match(folded):
        led = tuple(r for r in table if r.role in ("lead", "co-lead") and _is_cluster(r.subject))
        return RoleAsked("", led, "") if led else None
    if _OTHER.search(_WHY.sub("", folded)):
        return None
    found = _subject(folded, table)
    if found is None:
        return None
    subject, term = found
    if u.crises and not _is_cluster(subject):
        return None  # who coordinates in that crisis is told by the table of partners
    bodies = _bodies(u, term)
    places = [t for t in words(u.question) if is_name(t) and t not in (*words(term), *bodies)]
    named = [place for r in table for place in _places(r) if re.search(rf"\b{re.escape(place)}\b", folded)]
    crisis = {i for m in u.matches if m.kind in ("crisis", "phase") for i in range(m.start, m.end)}
    covered = {*words(term), *bodies, *places, *(t for i, t in enumerate(words(u.question)) if i in crisis)}
    if [w for w in words(folded) if w not in covered | _ASKING | FUNCTION_WORDS["en"]]:
        return None
    rows = [r for r in table if r.subject == subject]
    leads = [r for r in rows if r.role in ("lead", "co-lead", "coordinates")]
    asks_who = _WHO.search(folded) is not None
    if not leads:
        return RoleAsked(subject, tuple(rows), "unnamed")
    if bodies and not places and not any(names(row, body) for row in leads for body in bodies):
        return RoleAsked(subject, tuple(leads), "only")  # "why does UNICEF lead the shelter cluster?"
    if places and not any(r.crises for r in leads):  # what is said of a kind of crisis, no country gainsays
        rest = [t for t in places if not any(t in words(place) for place in named)]
        there = [r for r in leads if named and not rest and set(named) <= set(_places(r))]
        if there:
            return RoleAsked(subject, tuple(there), "")
        return RoleAsked(subject, tuple(leads), "unnamed" if asks_who else "only")
    within = [r for r in leads if not r.crises or (set(u.crises) <= set(r.crises.split("|")))]
    if u.crises and not within:
        return RoleAsked(subject, tuple(leads), "unnamed" if asks_who else "only")
    if _GLOBAL.search(folded) and not any(r.crises or not r.scope for r in leads):
        return RoleAsked(subject, tuple(leads), "unnamed" if asks_who else "only")
    return RoleAsked(subject, tuple(rows), "")


def _bodies(u: Understanding, term: str) -> list[str]:
    """Bodies other than IOM that a question says to lead, folded: partners of the lexicon and words in capitals.

    None where it asks who leads, names IOM too, or is written in capitals.
    """
    said, folded = words(u.question), fold(u.question)
    if _WHO.search(folded) or "iom" in said or u.question.isupper():
        return []
    partners = {said[i] for m in u.matches if m.kind == "partner" for i in range(m.start, m.end)}
    capitals = {fold(w) for w in _CAPITALS.findall(u.question)}
    named = [t for t in said if t in partners | capitals and t not in _ASKING and t not in words(term)]
    return [t for t in named if re.search(_LED_BY.format(re.escape(t)), folded)]


def _is_cluster(subject: str) -> bool:
    """Whether a subject of the table is one cluster, not a whole response."""
    return subject.endswith(" cluster")


def _places(role: Role) -> list[str]:
    """The countries of a row's scope, folded, and the short name of one: "bolivia"."""
    if role.crises or not role.scope:
        return []
    whole = [fold(p).removeprefix("the ") for p in re.split(r", | and ", role.scope)]
    return whole + [p.rsplit(" of ", 1)[1] for p in whole if " of " in p]


def _subject(folded: str, table: Sequence[Role]) -> tuple[str, str] | None:
    """The subject of the table that a question names and the words it does so with, the longest first."""
    terms = [(term, r.subject) for r in table for term in r.terms.split("|") if term]
    for term, subject in sorted(terms, key=lambda t: -len(t[0])):
        plain = rf"\b{re.escape(term)}\b"
        led = rf"\blead(?:s|er|ers|ing)?(?: agency| organi[sz]ation)? (?:(?:for|of|on|in) )?(?:the )?{re.escape(term)}\b(?! (?:response|assistance|support|work|sector|activit\w+))|\b{re.escape(term)} (?:co-?)?lead\b"
        sure = term in _CLUSTERS_ONLY or not _is_cluster(subject) or re.search(rf"\bclusters?\b|{led}", folded)
        if sure and re.search(plain, folded):
            return subject, term
    return None
