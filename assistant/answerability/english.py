"""English word lists and question types that the evidence looks at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Literal

from assistant.ranking.tokens import Token
from assistant.text import stem as stem_of

AnswerType = Literal["when", "quantity", "who", "where", "why", "how", "what"]
ANSWER_TYPES: tuple[AnswerType, ...] = ("when", "quantity", "who", "where", "why", "how", "what")

QUESTION_WORDS = frozenset("what which who whom whose when where why how".split())
NEGATIONS = frozenset(
    "not no never none without neither nor cannot cant didnt doesnt wasnt isnt dont werent couldnt wouldnt "
    "hadnt hasnt havent arent aint except other besides".split()
)
QUANTIFIERS = frozenset(
    "all only every most least first last never always none both more less fewer sole entire each any many few best "
    "worst exactly same other another second third largest smallest highest lowest main primary final original "
    "originally".split()
)
MONTHS = frozenset("january february march april may june july august september october november december".split())
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion "
    "half third quarter dozen several couple twice once double".split()
)
_OPPOSITES = """
increase:decrease,reduce rise:fall before:after first:last final:original most:least,fewest more:less,fewer
largest:smallest biggest:smallest highest:lowest greatest:least,smallest high:low large:small big:small long:short
north:south east:west northern:southern eastern:western northwest:southeast southwest:northeast win:lose won:lost
victory:defeat accept:reject,refuse allow:forbid,prohibit,ban,prevent start:end,stop begin:end,finish open:close
early:late earlier:later earliest:latest old:new,young oldest:newest,youngest ancient:modern strong:weak
strongest:weakest strengthen:weaken best:worst better:worse good:bad positive:negative agree:disagree like:dislike
support:oppose supporter:opponent inside:outside internal:external upper:lower above:below over:under left:right
male:female men:women man:woman boy:girl king:queen son:daughter father:mother brother:sister husband:wife rich:poor
public:private urban:rural legal:illegal possible:impossible success:failure succeed:fail fast:slow faster:slower
cheap:expensive hot:cold heat:cool light:dark,heavy add:remove include:exclude import:export buy:sell give:take,receive
enter:leave arrive:leave join:leave attack:defend enemy:ally friend:enemy war:peace life:death birth:death born:died
alive:dead love:hate true:false simple:complex easy:hard,difficult major:minor majority:minority maximum:minimum
always:never all:none many:few common:rare similar:different same:different equal:unequal together:apart
connect:separate,disconnect unite:divide create:destroy build:destroy found:abolish construct:demolish gain:lose
advance:retreat domestic:foreign native:foreign religious:secular liberal:conservative catholic:protestant
deterministic:nondeterministic finite:infinite linear:nonlinear static:dynamic,kinetic parallel:perpendicular,serial
horizontal:vertical input:output cause:prevent encourage:discourage popular:unpopular wet:dry full:empty wide:narrow
thick:thin deep:shallow tall:short expand:contract appear:disappear remain:change constant:variable upward:downward
forward:backward ascend:descend summer:winter day:night morning:evening undergraduate:graduate spring:fall
teacher:student master:slave employer:employee attract:repel push:pull absorb:emit accelerate:decelerate
violent:peaceful minimum:maximum require:forbid must:may permanent:temporary voluntary:mandatory central:local
national:international individual:collective short:long lead:follow request:refuse preparedness:response
"""
_NEGATIVE_PREFIXES = ("un", "non", "in", "im", "il", "ir", "dis", "mis", "anti", "de")

_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|century|decade|day|month|time period|period)s?\b|\bhow long ago\b"
)
_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|old|far|large|big|tall|high|often|fast|great|wide|deep|heavy)\b"
    r"|\bwhat (?:percent|percentage|number|amount|fraction|proportion|size|population|age)\b"
)
_WHO = re.compile(r"\bwho(?:m|se)?\b")
_WHERE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|country|state|town|place|region|area|location|province|continent"
    r"|nation|colony|village|island|river|countries|cities)\b"
)
_WHY = re.compile(r"\bwhy\b")
_HOW = re.compile(r"\bhow\b")
_DATE = re.compile(r"\d{3,4}s?|\d+(?:st|nd|rd|th)")
_YEAR = re.compile(r"1\d{3}|20[0-2]\d")


def answer_type(question: str) -> AnswerType:
    """The kind of thing a question asks for; ``"what"`` where nothing tells."""
    text = question.lower()
    patterns: tuple[tuple[re.Pattern[str], AnswerType], ...] = (
        (_WHEN, "when"),
        (_QUANTITY, "quantity"),
        (_WHO, "who"),
        (_WHERE, "where"),
        (_WHY, "why"),
        (_HOW, "how"),
    )
    return next((kind for pattern, kind in patterns if pattern.search(text)), "what")


def is_quantity(token: Token) -> bool:
    """A number in digits or in words."""
    return token.is_number or token.norm in NUMBER_WORDS


def could_answer(token: Token, kind: AnswerType) -> bool:
    """Whether a word is of the kind asked for: a date, a number, a name, else any content word."""
    if kind == "when":
        return (
            bool(_DATE.fullmatch(token.norm))
            or token.norm in MONTHS
            or token.norm in {"century", "centuries", "decade"}
        )
    if kind == "quantity":
        return is_quantity(token) and not _YEAR.fullmatch(token.surface)
    if kind in ("who", "where"):
        return token.is_name
    return not token.is_stop


@cache
def _opposites() -> Mapping[str, frozenset[str]]:
    """Stems and the stems of their opposites, both ways."""
    found: dict[str, set[str]] = {}
    for entry in _OPPOSITES.split():
        word, others = entry.split(":")
        for other in others.split(","):
            one, two = stem_of(word), stem_of(other)
            found.setdefault(one, set()).add(two)
            found.setdefault(two, set()).add(one)
    return {stem: frozenset(others) for stem, others in found.items()}


def opposite_among(stem: str, stems: Set[str]) -> bool:
    """Whether ``stems`` holds an opposite of ``stem``: of a short list, or by a negative prefix (``unstable``)."""
    if not _opposites().get(stem, frozenset()).isdisjoint(stems):
        return True
    return any(
        prefix + stem in stems
        or (stem.startswith(prefix) and len(stem) - len(prefix) >= 4 and stem[len(prefix) :] in stems)
        for prefix in _NEGATIVE_PREFIXES
    )


def first_question_word(tokens: Sequence[Token]) -> int | None:
    """Position in ``tokens`` of the first wh-word, if there is one."""
    return next((i for i, t in enumerate(tokens) if t.norm in QUESTION_WORDS), None)
