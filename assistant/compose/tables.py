"""Replies from the small tables: coordination, people in need, examples, definitions, acronyms, lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.answer import Paragraph
from assistant.compose.draft import Draft, capital, joined
from assistant.naming import initials
from assistant.text import fold, sentences, words
from assistant.understanding import Understanding
from corpus.types import Acronym, Coordination, CrisisKey, ExampleCrisis, Passage, PeopleInNeed

#: Which groups of people make a row about partners relevant.
_GROUP_WORDS = {
    "idps": ("internal",),
    "refugees": ("refugee", "asylum"),
    "asylum_seekers": ("refugee", "asylum"),
    "international_migrants": ("international migrants",),
    "environmentally_displaced": ("environmentally displaced",),
}


#: Activities of a sector listed beside its aim.
WORK = 7


def coordination(draft: Draft, u: Understanding, crisis: CrisisKey) -> None:
    """Whom responses to a crisis are coordinated with, each partner under its condition.

    A partner or a group that the question names narrows the reply to its
    sentences; one that the paragraph does not name is said to be absent.
    """
    rows = [r for r in draft.corpus.coordination if r.crisis == crisis]
    cluster = {"ocha", "cluster_system"}
    asked = set(u.partners) | (cluster if cluster & set(u.partners) else set())
    wanted = [r for r in rows if r.partner_key in asked]
    groups = [g for key in u.groups for g in _GROUP_WORDS.get(key, ())]
    by_group = [r for r in rows if r.condition and any(g in r.quote.lower() for g in groups)]
    if u.partners and not wanted:
        names = joined([_partner_name(draft, p) for p in u.partners], draft.language)
        sentence = rows[0].quote
        text = draft.say("coordination_absent", crisis=draft.crisis(crisis), partner=names)
        draft.blocks.append(Paragraph(text, (draft.cite(rows[0].ref, sentence),), template=True))
        partners = joined([r.partner for r in rows], draft.language)
        draft.add(draft.say("coordination_other", partners=partners), *_cited(draft, rows))
        return
    shown = wanted or by_group or rows
    of_phase = [r for r in shown if r.phase and set(r.phase.split("|")) & set(u.phases)]
    for sentence, same in _by_sentence(of_phase).items() if len(u.phases) == 1 else ():
        draft.quote(same[0].ref, sentence)  # what is said of the phase that is asked about comes first
    free = [r for r in shown if not r.condition]
    bound = [r for r in shown if r.condition]
    if free:
        partners = joined([r.partner for r in free], draft.language)
        text = draft.say(
            "coordination_head", phase_cap=draft.phase_cap("during"), crisis=draft.crisis(crisis), partners=partners
        )
        draft.add(text, *_cited(draft, free))
    for sentence, same in _by_sentence(bound).items():
        draft.quote(same[0].ref, sentence)


def _by_sentence(rows: Sequence[Coordination]) -> dict[str, list[Coordination]]:
    out: dict[str, list[Coordination]] = {}
    for row in rows:
        out.setdefault(row.quote, []).append(row)
    return out


def _cited(draft: Draft, rows: Sequence[Coordination]) -> list[int]:
    return list(dict.fromkeys(draft.cite(r.ref, r.quote) for r in rows))


def _partner_name(draft: Draft, key: str) -> str:
    known = next((r.partner for r in draft.corpus.coordination if r.partner_key == key), None)
    return known or key.replace("_", " ").upper() if len(key) <= 5 else known or key.replace("_", " ")


def people(draft: Draft, u: Understanding, crisis: CrisisKey) -> None:
    """Who can be in need in a crisis; a group that was asked about is confirmed or said to be absent."""
    rows = [r for r in draft.corpus.people if r.crisis == crisis]
    keys = {r.group_key for r in rows}
    absent = [g for g in u.groups if g not in keys]
    if absent and len(absent) == len(u.groups) and u.intent == "people" and "inherited" not in u.inherited:
        names = joined([g.replace("_", " ") for g in absent], draft.language)
        text = draft.say("people_absent", crisis=draft.crisis(crisis), group=names)
        draft.blocks.append(Paragraph(text, (draft.cite(rows[0].ref, rows[0].quote),), template=True))
    groups = [draft.say("people_if", group=r.group, condition=r.condition) if r.condition else r.group for r in rows]
    text = draft.say("people_head", crisis=draft.crisis(crisis), groups="; ".join(groups))
    draft.add(text, *dict.fromkeys(draft.cite(r.ref, r.quote) for r in rows))


def examples(draft: Draft, crises: Sequence[CrisisKey]) -> None:
    """The example crises of each kind asked for."""
    for crisis in crises:
        rows = [r for r in draft.corpus.examples if r.crisis == crisis]
        if not rows:
            continue
        places = joined([f"{r.place} ({r.year})" if r.year else r.place for r in rows], draft.language)
        text = draft.say("examples_head", crisis=draft.crisis(crisis), places=places)
        if "among others" not in rows[0].quote and draft.language == "en":
            text = text.replace(", among others.", ".")
        draft.add(text, draft.cite(rows[0].ref, rows[0].quote))


def example_place(draft: Draft, rows: Sequence[ExampleCrisis]) -> None:
    """The scenarios that each place is given as an example of."""
    places: dict[str, list[ExampleCrisis]] = {}
    for row in rows:
        places.setdefault(row.place, []).append(row)
    for place, own in places.items():
        names = joined([draft.crisis(r.crisis) + (f" ({r.year})" if r.year else "") for r in own], draft.language)
        cited = dict.fromkeys(draft.cite(r.ref, r.quote) for r in own)
        draft.add(draft.say("examples_place", place=place, crises=names), *cited)


def define_crisis(draft: Draft, crisis: CrisisKey, *, quoted: bool = True) -> None:
    """What a kind of crisis is; ``quoted`` in the text's words, too."""
    entry = draft.corpus.crisis(crisis)
    if draft.language == "en":
        draft.add(entry.definition, draft.cite(entry.ref, entry.quote))
    if quoted:
        draft.quote(entry.ref, entry.quote)


def define_sector(draft: Draft, no: int, *, work: bool = False) -> None:
    """What a sector is for, in the words of its aim; with the rest of its ``work`` as a list."""
    entry = draft.corpus.sector(no)
    draft.add(f"{draft.sector(no)}:", draft.cite(entry.ref, entry.quote))
    draft.quote(entry.ref, entry.quote)
    if work:
        sector_work(draft, no)


def sector_work(draft: Draft, no: int) -> None:
    """What is done in a sector beside what its aim says, in a few words each."""
    aim = draft.corpus.sector(no).quote
    rows = [a for a in draft.corpus.activities if a.sector_no == no and a.kind != "aim" and a.quote not in aim]
    if rows and draft.language == "en":
        draft.blocks.append(Paragraph(draft.say("sector_work", sector=draft.sector(no)), template=True))
        rows.sort(key=lambda a: a.kind != "activity")
        draft.bullets((capital(a.activity), (draft.cite(a.ref, a.quote),)) for a in rows[:WORK])


def define_levels(draft: Draft, keys: Sequence[str]) -> None:
    rows = [r for r in draft.corpus.levels if not keys or r.key in keys]
    for entry in rows:
        if draft.language == "en":
            draft.add(entry.definition, draft.cite(entry.ref, entry.quote))
        else:
            draft.quote(entry.ref, entry.quote)


def sector_list(draft: Draft) -> None:
    """All sectors by number and name."""
    rows = draft.corpus.sectors
    lead = draft.corpus.by_ref.get("¶9")
    head = draft.say("everything_sectors", n=len(rows))
    if lead is not None:
        draft.blocks.append(Paragraph(head, (draft.cite("¶9", sentences(lead.text)[0]),), template=True))
    draft.bullets((f"{r.no}. {r.name}", (draft.cite(r.ref, f"Sector {r.no} {r.name}"),)) for r in rows)


def annexes(draft: Draft) -> None:
    """Which annexes there are, by the first passage of each."""
    first: dict[str, Passage] = {}
    for passage in draft.corpus.passages:
        if passage.heading_path and passage.heading_path[0].startswith("Annex"):
            first.setdefault(passage.heading_path[0], passage)
    if first:
        numbers = tuple(draft.cite(p.ref, sentences(p.text)[0]) for p in first.values())
        text = draft.say("annexes", names=joined(list(first), draft.language))
        draft.blocks.append(Paragraph(text, numbers, template=True))


def crisis_list(draft: Draft) -> None:
    """All kinds of crisis by name, each with the place that describes it."""
    rows = draft.corpus.crises
    draft.blocks.append(Paragraph(draft.say("crisis_list", n=len(rows)), template=True))
    draft.bullets((draft.crisis(r.key), (draft.cite(r.ref, r.quote),)) for r in rows)


def phase_list(draft: Draft) -> None:
    """All phases by name, each with the place that describes it."""
    rows = draft.corpus.phases
    draft.blocks.append(Paragraph(draft.say("phase_list", n=len(rows)), template=True))
    draft.bullets((draft.phase(r.key), (draft.cite(r.ref, r.quote),)) for r in rows)


#: What lists the whole of a table, by the topic that asks for it.
LISTS: dict[str, Callable[[Draft], None]] = {
    "sector_list": sector_list,
    "crises": crisis_list,
    "phases": phase_list,
    "levels": lambda draft: define_levels(draft, ()),
}
#: The symbol of a document, "SCPF/71", "MC/INF/298".
_SYMBOL = re.compile(r"\b([A-Za-z]{2,6})/(?:[A-Za-z]{2,6}/)?\d")


def find_acronym(draft: Draft, u: Understanding) -> Acronym | None:
    """The acronym a question asks to be spelled out, if the document has it."""
    raw = {
        w.lower() for w in u.question.replace("?", " ").replace('"', " ").replace("'", " ").replace(",", " ").split()
    }
    if not u.follow_up:  # whose tokens are those of the message before, too
        raw.update(u.tokens)
    # "what is SCPF/71 about?" asks for a document
    symbols = {m[1].lower() for m in _SYMBOL.finditer(u.question)}
    asked = [a for a in draft.corpus.acronyms if a.acronym.lower() in raw - symbols]
    return asked[0] if asked else None


def acronym(draft: Draft, entry: Acronym) -> None:
    number = draft.cite(entry.ref, entry.quote)
    if entry.expansion:
        draft.add(draft.say("acronym", acronym=entry.acronym, expansion=entry.expansion), number)
    else:
        draft.blocks.append(Paragraph(draft.say("acronym_unexpanded", acronym=entry.acronym), (number,), template=True))


#: Words in the names of example crises that are no place, or that other names have, too.
_NO_PLACE = frozenset("democratic republic arab states cholera outbreak tsunami".split())
#: Letters by which the adjective of a place and its name differ at most: "Syria" is the Syrian Arab Republic.
_ADJECTIVE = 2


def places_named(draft: Draft, u: Understanding) -> list[ExampleCrisis]:
    """Example crises whose place the question names, by all that tells it from others or its initials."""
    said = words(u.question)

    def names(word: str) -> bool:
        return any(
            w == word or (len(w) > 4 and word.startswith(w) and len(word) - len(w) <= _ADJECTIVE) or w == f"{word}n"
            for w in said
        )

    found = []
    for entry in draft.corpus.examples:
        telling = [w for w in words(entry.place) if len(w) > 3 and w not in _NO_PLACE]
        short = initials(entry.place)
        if (telling and all(map(names, telling))) or (len(short) > 2 and short in said):
            found.append(entry)
    return found


def groups_in(rows: Sequence[PeopleInNeed]) -> list[str]:
    return [fold(r.group) for r in rows]
