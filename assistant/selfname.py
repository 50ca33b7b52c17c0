"""The document named in a question about it: "according to SCPF/92", "in the 2012 framework".

Where all answers come from one document, its name asks for nothing; left in, it
is searched for, and its number is taken for a figure that the answer must hold.
"""

from __future__ import annotations

import re

from assistant.text import FUNCTION_WORDS, detect_language, words
from corpus.types import CorpusInfo

_ACCORDING_TO = r"according to|as (?:per|stated in|written in|set out in|described in)|selon|d'apres|d’apres|d'après|d’après|según|segun|conforme a"
_SAID_IN = rf"(?:{_ACCORDING_TO}|per|in|dans|en)"
#: After these the document is where something is, which is what is asked.
_PLACED = r"(?<!\bis)(?<!\bare)(?<!\bwas)(?<!\bwere)(?<!\bincluded)(?<!\blisted)(?<!\bcontained)(?<!\bmentioned)(?<!\bcovered)(?<!\bstand)(?<!\bstands)"
_ARTICLE = r"(?:(?:the|this|that|our|your|iom['’]?s?|le|la|l['’]|ce|el|este)\s+)*"
#: Words for a document, other than its name.
_KIND = r"(?:framework|document|paper|cadre|marco|documento)"
#: Content words that must be left, or the document itself is asked about.
_LEFT = 2


class SelfReference:
    """What names one document.

    A document without a symbol, or whose symbol is no code such as "SCPF/92" or "UDHR", may be called by what it is about: "the steam engine", "in
    Harvard University". Its name is then left out after "according to" alone.
    """

    def __init__(self, info: CorpusInfo) -> None:
        head, *tail = info.title.split() or [""]
        own = tail if head.isupper() and tail else [head, *tail]  # the author's acronym may be left out
        whole = r"\s+".join(re.escape(w) for w in own)
        initials = "".join(w[0] for w in own if w[:1].isupper())
        titled = rf"(?:{re.escape(head)}\s+)?{whole}" if whole else ""
        names = [n for n in (re.escape(info.symbol), titled, initials if len(initials) > 2 else "") if n]
        name = rf"(?:{'|'.join(names) or '(?!)'})"
        year = re.escape(next(iter(re.findall(r"\b(?:19|20)\d\d\b", info.date)), "(?!)")) if info.date else "(?!)"
        thing = rf"(?:(?:{year}\s+)?(?:{name}(?:\s+{_KIND})?|(?:iom\s+)?(?:crisis\s+)?{_KIND}(?:\s+{name})?)(?:,?\s*\(?(?:{year}|{name})\)?)?)"
        coded = any(c.isdigit() for c in info.symbol) or (info.symbol.isupper() and " " not in info.symbol)
        said_in = _SAID_IN if coded else rf"(?:{_ACCORDING_TO})"
        self._said_in = re.compile(
            rf"(?:^\W*{said_in}\s+{_ARTICLE}{thing}(?:\s*[,:]\s*|\s+(?=(?:what|which|who|whose|where|when|why|how|is|are|was|does|do|did|qui|quel|que|comment|quien|cual)\b)))|(?:{_PLACED}\s*[,(]?\s*\b{said_in}\s+{_ARTICLE}{thing}\)?(?=\s*(?:[?.!,;:]|$)))",
            re.I,
        )
        self._name = re.compile(rf"\b(?:{re.escape(info.symbol)})(?![\w/])" if coded else r"(?!)", re.I)

    def without(self, question: str) -> str:
        """A question without the words that only name the document, and with "the document" for its symbol; as it is where little else is asked."""
        rest = self._said_in.sub(" ", question)
        if detect_language(question) == "en":
            rest = self._name.sub("the document", rest)
        rest = " ".join(rest.split()).replace(" ?", "?").replace("the the ", "the ")
        content = [w for w in words(rest) if w not in FUNCTION_WORDS["en"] and w != "document"]
        return rest if len(content) >= _LEFT and rest != question else question
