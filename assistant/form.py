"""What a message asks of the form of its reply: how long it is to be, and in which language."""

from __future__ import annotations

import re

from assistant.text import fold
from corpus.types import Language

#: Words that a question has at least, without what it says of the length of its reply.
_LEAST = 3
_NUMBERS = ("one", "two", "three", "four", "five", "six")
_NUMBER = r"\d{1,3}|one|a single|two|three|four|five|six|ten|a few|a couple of|une?|deux|trois|un[ao]?|dos|tres"
#: How long the reply is to be, at the end of a message: after a comma or the like, a preposition, or a verb of giving.
_SIZE = re.compile(
    r"(?:\s*[,;.:–-]+|\s(?:and|in|with|en)\b|(?=\s(?:give|tell|send|write|make|keep|put|max)\b))\s+(?:please )?(?:(?:give|tell|send|write|make|keep|put|sum up|summari[sz]e)(?: (?:it|that|this))?(?: (?:to )?(?:me|us))? )?(?:in |with |en )?(?:max(?:imum|\.)? |at most |about |only |just |no more than )?"
    rf"(?P<n>(?:(?:{_NUMBER})(?: or |[-–]| to | ou | o )?)+) ?(?:short )?(?P<of>lines?|sentences?|bullets?|bullet points?|words|lignes?|phrases?|mots|líneas?|frases?|palabras)(?:,? (?:max|only|please|pls|thanks|thx|is enough|are enough|will do))*\W*$",
    re.IGNORECASE,
)
#: The same before the thing that is to be so long: "a 3 line summary".
_SIZED = re.compile(
    rf"\b(?:(?:an?|the) )?(?P<n>{_NUMBER})[ -](?P<of>line|sentence|word|bullet)s?(?: long)? (?=(?:summary|overview|version|answer|explanation|description|brief|briefing|pitch)\b)",
    re.IGNORECASE,
)
#: The same at the beginning: "in two sentences, what is it for?".
_SIZE_FIRST = re.compile(
    rf"^\W*(?:(?:please|ok|so|and)\W+)*in (?:about |at most |max |just |only )?(?P<n>{_NUMBER}) ?(?:short )?(?P<of>lines?|sentences?|bullets?|bullet points?|words)\W+(?:please\W+)?(?=\S+ \S)",
    re.IGNORECASE,
)
#: Asks for the reply before in another language: "now in French please", "can you say that in Spanish?".
_LANGUAGE = re.compile(
    r"^\W*(?:(?:and|now|ok(?:ay)?|please|pls|can|could|you|would|i|we|need|want|same|the|thing|say|tell|give|repeat|translate|answer|reply|write|put|make|me|us|it|that|this|all|peux|tu|pouvez|vous|repondre|reponds|puedes|responder|responde|dis|di|maintenant|ahora|y|et)\W+)*"
    r"(?:in|into|to|en|auf) (?P<language>[a-z]+)(?:\W+(?:please|pls|plz|thanks|instead|svp|s'il (?:te|vous) plait|por favor|too|version))*\W*$"
)
_NAMED: dict[str, Language] = {
    "english": "en", "anglais": "en", "ingles": "en",
    "french": "fr", "francais": "fr", "frances": "fr",
    "spanish": "es", "espanol": "es", "espagnol": "es", "castellano": "es",
}  # fmt: skip
#: Languages that no reply is written in, as people ask for them.
_OTHERS = frozenset(
    "arabic german deutsch allemand aleman portuguese portugais portugues italian italien italiano russian russe ruso chinese mandarin "
    "chinois chino dutch swahili hindi urdu farsi dari pashto turkish turc turco japanese korean greek polish ukrainian amharic somali "
    "tigrinya bengali burmese thai vietnamese indonesian haitian creole arabe kurdish".split()
)


def without_size(question: str) -> str:
    """The question without how long the reply should be: "..., give me 3 lines", "a 3 line summary"."""
    rest = _SIZED.sub("a ", _SIZE_FIRST.sub("", _SIZE.sub("", question))).rstrip()
    return rest if len(rest.split()) >= _LEAST else question


def size_asked(question: str) -> int | None:
    """Sentences or lines that the reply is to have; None where a message does not say, or counts words."""
    found = _SIZE.search(question) or _SIZED.search(question) or _SIZE_FIRST.search(question)
    if (
        found is None
        or without_size(question) == question
        or found["of"].lower() in ("word", "words", "mots", "palabras")
    ):
        return None
    number = fold(found["n"]).split()[-1]
    if number.isdecimal():
        return max(1, int(number))
    return (
        _NUMBERS.index(number) + 1
        if number in _NUMBERS
        else 1
        if found["n"].lower() in ("a single", "un", "une", "una")
        else 3
    )


def language_asked(message: str) -> Language | None:
    """The language in which a message asks for the reply before; None for any other message."""
    found = _LANGUAGE.match(fold(message))
    return _NAMED.get(found["language"]) if found is not None else None


def other_language_asked(message: str) -> bool:
    """Whether a message asks for the reply before in a language that no reply is written in."""
    found = _LANGUAGE.match(fold(message))
    return found is not None and found["language"] in _OTHERS
