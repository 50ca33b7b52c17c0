"""What a message asks of the form of its reply: how long it is to be, and in which language."""

from __future__ import annotations

import re

from assistant.text import fold
from corpus.types import Language

#: Words that a question has at least, without what it says of the form of its reply.
_LEAST = 3
#: Numbers as they are written in words.
_NUMBERS = {
    "one": 1, "a": 1, "a single": 1, "un": 1, "une": 1, "uno": 1, "una": 1, "two": 2, "a couple of": 2, "deux": 2, "dos": 2,
    "three": 3, "a few": 3, "trois": 3, "tres": 3, "four": 4, "quatre": 4, "cuatro": 4, "five": 5, "cinq": 5, "cinco": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "dix": 10, "diez": 10,
}  # fmt: skip
_NUMBER = rf"\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_UNIT = "lines?|sentences?|bullets?|bullet points?|words|lignes?|phrases?|mots|líneas?|frases?|palabras"
#: How long the reply is to be, at the end of a message: after a comma or the like, a preposition, or a verb of giving.
_AT_END = re.compile(
    r"(?:\s*[,;.:–-]+|\s(?:and|in|with|en)\b|(?=\s(?:give|tell|send|write|make|keep|put|max)\b))\s+(?:please )?(?:(?:give|tell|send|write|make|keep|put|sum up|summari[sz]e)(?: (?:it|that|this))?(?: (?:to )?(?:me|us))? )?(?:in |with |en )?(?:max(?:imum|\.)? |at most |about |only |just |(?:no|not) more than )?"
    rf"(?P<n>(?:(?:{_NUMBER})(?: or |[-–]| to | ou | o )?)+) ?(?:short )?(?P<of>{_UNIT})(?:,? (?:max|only|please|pls|thanks|thx|is enough|are enough|will do))*\W*$",
    re.IGNORECASE,
)
#: The same before the thing that is to be so long: "a 3 line summary".
_OF_SUMMARY = re.compile(
    rf"\b(?:(?:an?|the) )?(?P<n>{_NUMBER})[ -](?P<of>line|sentence|word|bullet)s?(?: long)? (?=(?P<what>answer|reply|summary|overview|version|explanation|description|brief|briefing|pitch)\b)",
    re.IGNORECASE,
)
#: The same at the beginning: "in two sentences, what is it for?".
_AT_BEGIN = re.compile(
    rf"^\W*(?:(?:please|ok|so|and)\W+)*(?:in|en) (?:about |at most |max |just |only )?(?P<n>{_NUMBER}) ?(?:short )?(?P<of>{_UNIT})(?: or (?:less|so|two|three)| max(?:imum)?| at most)?\W+(?:please\W+)?(?=\S+ \S)",
    re.IGNORECASE,
)
_OF_WORDS = ("word", "words", "mots", "palabras")
_NAMED: dict[str, Language] = {
    "english": "en", "anglais": "en", "ingles": "en",
    "french": "fr", "francais": "fr", "frances": "fr",
    "spanish": "es", "espanol": "es", "espagnol": "es", "castellano": "es",
}  # fmt: skip
#: Languages that no reply is written in, as people ask for them.
_OTHERS = (
    "arabic german deutsch allemand aleman portuguese portugais portugues italian italien italiano russian russe ruso chinese mandarin "
    "chinois chino dutch swahili hindi urdu farsi dari pashto turkish turc turco japanese korean greek polish ukrainian amharic somali "
    "tigrinya bengali burmese thai vietnamese indonesian haitian creole arabe kurdish romanian nepali tamil lingala hebrew"
).split()
_ANY = "|".join([*_NAMED, *_OTHERS])
_PLEASE = r"(?:\W+(?:please|pls|plz|thanks|instead|svp|s'il (?:te|vous) plait|por favor|version))*\W*$"
#: Asks for the reply before in another language: "now in French please", "can you say that in Spanish?".
_LANGUAGE = re.compile(
    r"^\W*(?:(?:and|et|y|e|now|ok(?:ay)?|please|pls|can|could|you|would|i|we|need|want|same|the|thing|above|say|tell|give|repeat|translate|answer|reply|write|put|make|me|us|it|that|this|all"
    r"|peux|tu|pouvez|vous|le|la|dire|repeter|repondre|reponds|traduis|traduire|traduisez|maintenant"
    r"|puedes|puede|lo|decir(?:lo)?|repetir(?:lo)?|responder|responde|traducir(?:lo)?|traduce(?:lo|melo)?|dis|di|dilo|ahora)\W+)*"
    rf"(?:in|into|to|en|al|au|auf) (?P<language>{_ANY}){_PLEASE}|^\W*(?P<alone>{_ANY})(?:\W+(?:please|pls|plz|version|svp|por favor))+\W*$"
)
#: The same at the end of a question, as a sentence of its own: "Who leads it? In French please."
_THEN = re.compile(
    rf"(?<=[?.!]) *(?:(?:please|and) )?(?:(?:answer|reply|respond|say it|write it) )?(?:in|en) (?P<language>{'|'.join(_NAMED)}){_PLEASE}"
)


def without_size(question: str) -> str:
    """The question without how long the reply should be: "..., give me 3 lines", "a 3 line summary"."""
    rest = _OF_SUMMARY.sub(_article, _AT_BEGIN.sub("", _AT_END.sub("", question))).rstrip()
    return rest if len(rest.split()) >= _LEAST else question


def _article(found: re.Match[str]) -> str:
    return "an " if found["what"][0].lower() in "aeio" else "a "


def size_asked(question: str) -> int | None:
    """Sentences, lines or bullets that the reply is to have at most; None where a message does not say, or counts words."""
    found = _AT_END.search(question) or _OF_SUMMARY.search(question) or _AT_BEGIN.search(question)
    if found is None or without_size(question) == question or found["of"].lower() in _OF_WORDS:
        return None
    # of "two or three" and "5-6" the last
    number = re.split(r" or |[-–]| to | ou | o ", fold(found["n"]).strip())[-1].strip()
    return max(1, int(number)) if number.isdecimal() else _NUMBERS.get(number)


def without_language(message: str) -> tuple[str, Language | None]:
    """A message without the language it asks its reply to be in, and that; None where it asks for none or for another.

    Nothing is left of a message that asks for the reply before in another language.
    """
    folded = fold(message)
    found = _LANGUAGE.match(_AT_END.sub("", folded))
    if found is not None:
        return "", _NAMED.get(found["language"] or found["alone"])
    found = _THEN.search(folded)
    if found is not None and len(folded) == len(message) and not folded.endswith("?"):
        return message[: found.start()].rstrip(), _NAMED[found["language"]]
    return message, None
