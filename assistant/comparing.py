"""Two things held side by side: a question about both, as one question about each.

What is said of a sentence is judged for one question at a time, and no sentence
of the document holds both sides of most comparisons. So "cluster approach vs
refugee regime, who heads which?" is asked as "who heads cluster approach?" and
"who heads refugee regime?", and both are answered or neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.text import FUNCTION_WORDS, content_stems, words

_PREPOSITION = r"(?:in|on|at|for|to|from|by|with|under|during|after|before|of|about|between|into|as)"
_END = r"\s*[?.!]*\s*$"
#: A and B after "difference between", then what it is about.
_BETWEEN = re.compile(
    r"\b(?:difference|differences|distinction|contrast|distinguish\w*|choose|comparison) (?:is there |made )?(?:in (?P<what>\w+(?: \w+)?) )?between (?P<a>.+?) and (?P<b>.+?)"
    rf"(?P<rest>\s*[,;:–-]\s.*|\s+(?:when it comes to|in terms of|with regard to|as regards|regarding|as to|as far as) .+)?{_END}",
    re.I,
)
#: "How do the movements differ between A and B?"
_DIFFERS = re.compile(
    rf"^\W*(?:(?:so|and|but) )*(?:how|in what way|what way) (?:do|does|did|would|will|is|are) (?P<what>[^,;:?]{{3,60}}?) (?:differ|(?:any )?different) (?:between|in|for|across) (?P<a>[^,;:?]+?) (?:and|versus|vs\.?) (?:in |for )?(?P<b>[^,;:?]+?){_END}",
    re.I,
)
#: "compare A with B", "how does A compare with B", "is A different from B".
_COMPARED = re.compile(
    rf"^\W*(?:(?:please|can you|could you|so|and) )*(?:compare|contrast) (?P<a>.+?) (?:with|to|and|against) (?P<b>.+?)(?P<rest>\s*[,;:–-]\s.*)?{_END}"
    r"|^\W*(?:so |and |but )?(?:how|in what way|is|are|does|do|was|were) (?:is |are |does |do )?(?P<a2>(?!many\b|much\b|often\b|long\b).+?) (?:compare[sd]? (?:with|to)|(?:any )?differ(?:s|ent)? (?:from|to|than)|the same (?:thing )?as)"
    rf" (?P<b2>.+?)(?P<rest2>\s*[,;:–-]\s.*)?{_END}",
    re.I,
)
#: "A vs B", "A as opposed to B", then what is asked of each, or before it.
_VERSUS = re.compile(
    rf"^\W*(?:(?P<before>[^,;:]+?)\s*[,;:]\s+)?(?P<a>[^,;:?]+?) (?:vs\.?|versus|as opposed to|compared (?:to|with)) (?P<b>[^,;:?–]+?)(?P<rest>\s*(?:[,;:?–]|\s-)\s*\S.*)?{_END}",
    re.I,
)
#: "A and B: which is ... each?"
_EACH = re.compile(
    rf"^\W*(?P<a>[^,;:?]+?) and (?P<b>[^,;:?]+?)\s*[,;:–-]+\s+(?P<rest>(?:which|what|who|where|how|when|why|are|is|do|does)\b.+?){_END}",
    re.I,
)
#: "A and B: when was the one and when the other?", "... what was done under the first, what under the second?"
_ONE_OTHER = re.compile(
    rf"^\W*(?P<a>[^,;:?]+?) (?:and|or|vs\.?|versus) (?P<b>[^,;:?]+?)\s*[,;:–-]+\s+(?P<frame>(?:who|what|which|where|when|how|why)\b[^?]{{2,80}}?) the (?:one|first|former)\b,? (?:and |but )?[^?]{{0,40}}?the (?:other|second|latter){_END}",
    re.I,
)
#: "What separates A from B?", "I mix up A and B, what is each?", "A and B - not the same, are they?": what is each?
_WHAT_EACH = (
    re.compile(
        rf"\b(?:what|how) (?:separates?|distinguish(?:es)?|sets?|tells?|do (?:i|we) tell|keeps?) (?P<a>[^,;:?]+?) (?:apart )?from (?P<b>[^,;:?]+?)(?: apart)?{_END}", re.I
    ),
    re.compile(
        r"\b(?:mix(?:es|ed|ing)? up|confus(?:es?|ed|ing)|throws?|lumps?) (?:always |often |together )?(?P<a>[^,;:?.]+?) (?:and|with) (?P<b>[^,;:?.]+?)(?: together| up)?\s*(?:[,;:.–-]+\s+[^?]{0,120})?[?.!]*\s*$",
        re.I,
    ),
    re.compile(
        rf"^\W*(?:(?:so|is|are) )?(?:the )?(?P<a>[^,;:?]+?) and (?P<b>[^,;:?]+?)\s*[,:–-]*\s+(?:are |is )?(?:not |they )*(?:the same(?: thing)?|one and the same|same thing|which is which|wh?ich is wh?ich)(?:,? (?:are they|aren't they|or not|right|no|are these))?{_END}",
        re.I,
    ),
)  # fmt: skip
#: Ends with a word that a noun must follow.
_NO_NOUN = re.compile(r"\b(?:first|second|third|\w+(?:th|-onset)|sudden|slow)$", re.I)
#: Begins the question about each of two things of which nothing else is asked.
WHAT_IS = "What is "
_ARTICLE = re.compile(r"^\W*(?:\w+ )?(?:a|an|the|that|this)\b", re.I)
#: Letters of stems that another word can begin with by chance, and of the endings of adjectives.
_SHORT_STEM, _ENDING = 4, 3
#: Letters of a question that is looked at for two things and one verb.
_LONGEST = 300
#: "Who is in charge of A and who of B?"
_GAPPED = re.compile(
    rf"^\W*(?P<lead>(?:in|during|after|before|for|under) [^,;:?]{{1,60}}, )?(?P<frame>(?P<wh>(?P<which>who|which|what|how many|where|when)(?:'s)?(?: \w+)??)\b[^,;:?]{{1,80}}?) (?P<prep>for|on|in|with|about|by|to|of|from|during|after|before|through) (?P<a>[^,;:?]{{1,80}}?),? (?:and|but) (?:(?P=wh)|(?P=which)) (?P=prep) (?P<b>[^,;:?]{{1,80}}?){_END}",
    re.I,
)
#: "Which ...: A or B?", "... A or B?"
_EITHER = re.compile(rf"^\W*(?P<frame>.+?)(?P<colon>\s*[,;:]\s+)(?P<a>[^,;:?]+?),? or (?P<b>[^,;:?]+?){_END}", re.I)
_OR = re.compile(rf"^\W*(?P<left>[^,;:?]+?),? or (?P<b>[^,;:?]+?){_END}", re.I)
#: Asks how the two things spoken of before differ.
_APART = re.compile(
    r"^\W*(?:(?:and|so|ok(?:ay)?|but|hm+|then) )*(?:how (?:do|are|would) (?:those|these|they|the two|both|the two of them)(?: two)? (?:differ|different|compare|distinguished)|(?:what(?:'s| is| are) )?(?:the |any )?differences?(?: between (?:them|the two|those(?: two)?|these(?: two)?|both))?|are (?:they|those|these) the same(?: thing)?)(?: then| though| exactly)?\W*$",
    re.I,
)
#: What stands for both in what is asked of them.
_BOTH = re.compile(
    r"\b(?:each(?: one)?(?: of (?:them|these|those|the two))?|which(?: one)?(?= *$)|both(?: of them)?|they|them|the two|respectively)\b",
    re.I,
)
#: The same where a sentence before names the things.
_EACH_OF = re.compile(
    r"\b(?:each(?: one)?(?: of (?:them|these|those|the two))?|both(?: of them)?|the two(?: of them)?)(?=\W*$|[,;:?!.]| (?:have|has|had|is|are|was|were|does|do|did|get|gets)\b)",
    re.I,
)
#: Begins a question, not the name of a thing.
_NO_THING = re.compile(r"^\W*(?:how|what|which|who|where|when|why|is|are|was|were|do|does|did|has|have|can)\b", re.I)
_AMOUNT = re.compile(
    r"^\W*(?:(?:did|do|does|have|has|had|were|are|was|is|could) )?(?:there )?(?:more|fewer|less) (?=\w)", re.I
)
_SIZE = re.compile(
    r"^\W*(?:so )?(?:which|what) (?:(?:one|of (?:the )?(?:two|these|them)) )?(?:is|was|were|are|had|has|got)(?: the)? (?:bigger|larger|greater|higher|smaller|more|the most|most|largest|biggest)(?: (?:one|number|figure|in number|job|operation|effort|task|evacuation|programme))?(?: (?:for|of) (?:us|iom))?$",
    re.I,
)
#: Which of two somebody began with.
_STARTED = re.compile(
    r"^\W*(?:so )?(?:which|what)(?: (?:one|of (?:the )?(?:two|these|them)))? (?:did|has|had) (?P<who>iom|we|they|it) (?:start(?:ed)?|begin|begun|launch(?:ed)?|do|done|been doing|get into)(?: with)? (?:first|earlier|longer|sooner|before)$",
    re.I,
)
_TIME = re.compile(
    r"^\W*(?:so )?(?:which|what) (?:(?:one|of (?:the )?(?:two|these|them)) )?(?:is|was|were|came|comes|happened|started|took place)(?: the)? (?:earlier|first|later|older|newer|before|more recent|last|sooner)(?: one)?$",
    re.I,
)


def apart(message: str) -> bool:
    """Whether a message asks how the two things differ that were spoken of before: "how do those differ?"."""
    return _APART.match(" ".join(message.split())) is not None


def gapped(question: str) -> bool:
    """Whether a question asks the same of two things and says the verb once: "who is in charge of A and who of B?"."""
    text = " ".join(question.split())
    return len(text) <= _LONGEST and (_GAPPED.match(text) or _ONE_OTHER.match(text)) is not None


def sides(question: str) -> tuple[str, str] | None:
    """A question about each of two things that a question compares; None where it compares no two, or their bounds are not clear."""
    text = " ".join(question.split())
    found = _DIFFERS.match(text)
    if found is not None and content_stems(found["what"]) and not _NO_THING.match(found["b"]):
        return _asked(found["what"], *_alike(found["a"], found["b"]))
    found = _ONE_OTHER.match(text)
    if found is not None and not _NO_THING.match(found["a"]):
        frame = found["frame"]
        return tuple(f"{frame} {side}?" for side in _alike(found["a"], found["b"]))  # type: ignore[return-value]
    found = next((m for p in _WHAT_EACH if (m := p.search(text)) is not None), None)
    if found is not None and not _NO_THING.match(found["a"]):
        return _asked("", *_alike(found["a"].strip("“”\"' "), found["b"].strip("“”\"' ")))
    found = _BETWEEN.search(text) or _COMPARED.match(text) or _EACH.match(text) or _VERSUS.match(text)
    if found is not None:
        parts = {k: v for k, v in found.groupdict().items() if v}
        a, b = parts.get("a") or parts["a2"], parts.get("b") or parts["b2"]
        rest = parts.get("rest") or parts.get("rest2") or parts.get("before") or ""
        if _NO_THING.match(a) and not rest:  # "how many asked in Libya compared with Syria?"
            return _last_two(a, b)
        if parts.get("what") and not rest:
            rest = f"What is the {parts['what']} of each"
        return _asked(rest.strip(" ,;:–-?"), *_alike(a, b))
    found = _GAPPED.match(text) if len(text) <= _LONGEST else None
    if found is not None:
        frame = f"{found['lead'] or ''}{found['frame']} {found['prep']}"
        return f"{frame} {found['a']}?", f"{frame} {found['b']}?"
    found = _EITHER.match(text)
    if found is not None:
        return _asked(found["frame"], *_alike(found["a"], found["b"]))
    found = _OR.match(text)
    return _last_two(found["left"], found["b"]) if found is not None else None


def of_each(question: str, things: Sequence[str]) -> tuple[str, str] | None:
    """What the last sentence of a message asks of each of two things that it named before; None where it does not.

    "We do reintegration and stabilization. How many projects has each?"
    """
    *told, last = re.split(r"(?<=[.!?;:])\s+", " ".join(question.split()))
    if len(things) != 2 or not told or not _EACH_OF.search(last) or any(t.lower() in last.lower() for t in things):
        return None
    first, second = (_EACH_OF.sub(lambda _, thing=thing: thing, last, count=1) for thing in things)
    return first, second


def _asked(rest: str, a: str, b: str) -> tuple[str, str] | None:
    """What is asked of each: ``rest`` with each in it, or what each is."""
    if not (content_stems(a) and content_stems(b)) or max(len(a.split()), len(b.split())) > 14:
        return None
    if _NO_THING.match(a) or rest == "or not" or a.lower() == b.lower():
        return None
    if _SIZE.match(rest):
        return f"How many: {a}?", f"How many: {b}?"
    if _TIME.match(rest):
        return f"When was {a}?", f"When was {b}?"
    started = _STARTED.match(rest)
    if started is not None:
        has = "has" if started["who"].lower() in ("iom", "it") else "have"
        return tuple(f"Since when {has} {started['who']} done {side}?" for side in (a, b))  # type: ignore[return-value]
    if not rest:
        return f"{WHAT_IS}{a}?", f"{WHAT_IS}{b}?"
    rest = _AMOUNT.sub("how many ", rest)
    if not _BOTH.search(rest):
        return f"{rest}: {a}?", f"{rest}: {b}?"
    first, second = (_BOTH.sub(lambda _, s=side: s, rest, count=1) for side in (a, b))  # type: ignore[misc]
    return f"{first}?", f"{second}?"


def _alike(a: str, b: str) -> tuple[str, str]:
    """Two things with what they share said of both: "IOM's role in camps" and "in shelter", "sudden" and "slow onset disasters"."""
    if _NO_NOUN.search(a) and len(b.split()) > 1 and not _NO_NOUN.search(b):
        a = f"{a} {b.split()[-1]}"  # "the Tenth and the Eleventh Session"
    noun = re.split(
        rf" (?:such as|like|that|which|where|out|off|away|back|{_PREPOSITION}) ", a, maxsplit=1, flags=re.I
    )[0].split()[-1]
    b = re.sub(r"(?<=\w )one\b", lambda _: noun, b, flags=re.I) if _ARTICLE.match(b) else b
    lead = re.match(rf"({_PREPOSITION})\b ", b, re.I)
    if lead is not None:
        places = [m.start() for m in re.finditer(rf"\b{lead[1]}\b ", a, re.I)]
        if places and places[-1] > 0:
            return a, f"{a[: places[-1]]}{b}"
    tail = re.search(rf"(?: {_PREPOSITION} .+)$", b, re.I)
    if tail is not None and not re.search(rf" {_PREPOSITION} ", a, re.I) and len(a.split()) <= 3:
        return f"{a}{tail[0]}", b
    return a, b


def _last_two(left: str, b: str) -> tuple[str, str] | None:
    """The same of "... in Libya or in Syria?" and "... the flood or the drought?", where a word tells where the first begins."""
    if len(b.split()) > 8:
        return None
    lead = re.match(rf"((?:{_PREPOSITION}|the|a|an|our|their))\b ", b, re.I)
    if lead is None:
        first = re.match(r"[A-Z]\w+", b)
        places = [m.start() for m in re.finditer(r"(?<=\w )[A-Z][\w-]+(?: [A-Z][\w-]+)*$", left)] if first else []
    else:
        places = [m.start() for m in re.finditer(rf"\b{lead[1]}\b ", left, re.I)]
    if not places or places[-1] == 0:
        return None
    frame = _AMOUNT.sub("how many ", left[: places[-1]])
    a = left[places[-1] :]
    if not (content_stems(a) and content_stems(b)) or not [w for w in words(frame) if w not in FUNCTION_WORDS["en"]]:
        return None
    return f"{frame}{a}?", f"{frame}{b}?"


def both_said(question: tuple[str, str], said: str) -> bool:
    """Whether a reply speaks of what tells each side's question from the other's."""
    first, second = (set(content_stems(q)) for q in question)
    known = tuple(set(content_stems(said)))
    return all(
        not own or any(_says(word, stem) for stem in own for word in known) for own in (first - second, second - first)
    )


def _says(word: str, stem: str) -> bool:
    """Whether a word of a reply says a word of a question: "the Libyan crisis" says "Libya"."""
    return word == stem or (len(stem) > _SHORT_STEM and word.startswith(stem) and len(word) - len(stem) <= _ENDING)
