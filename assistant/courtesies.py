"""What is said to the assistant about itself: a greeting, "what can you do?", "are you official?", "what does interpreted mean?".

No document answers these; fixed sentences do.
"""

from __future__ import annotations

import re

from assistant.text import fold

#: A greeting, with nothing asked.
_GREETS = re.compile(
    r"^\W*(?:(?:hi|hello|hey)\W+)?(?:how are (?:you|u|things)|how(?:'s| is) it going|how do you do|what'?s up)(?: doing)?(?: (?:today|there|now))?\W*$|^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings|bonjour|bonsoir|salut|hola|buen[oa]s (?:dias|tardes|noches))(?: (?:to )?(?:you )?(?:there|all|everyone|everybody|team|folks|colleagues|friends|you)(?: of you| here)?)?\W*$"
)
#: Asks what the assistant is for.
_ASKS_HELP = re.compile(
    r"^\W*(?:(?:hi|hello|hey|ok|so|bonjour|hola)\W+)*(?:help(?: me)?(?: please)?|what (?:can|could|do) (?:you|u|i) (?:do|ask|answer|know|tell me|help (?:me )?with)(?: (?:you|here|about|for me))*|how (?:do|can|should) (?:you|i) (?:use|work|ask)(?: (?:you|this|it|here))*|how does (?:this|it) work|who are you|what are you|what is this (?:bot|chat|assistant|tool)"
    r"|(?:(?:i'?m|i am|we are|we're) (?:new|just starting)(?: (?:here|to this|at this))?\W+)?(?:so )?(?:where|how) (?:do|should|can) (?:i|we) (?:start|begin)(?: (?:here|with (?:this|you)))?"
    r"|aide|que (?:peux-tu|pouvez-vous) faire|qui (?:es-tu|etes-vous)|ayuda|que (?:puedes|puede) hacer|quien eres)\W*$"
)
#: Asks what the words beside a level mean.
_BASES = re.compile(
    r"\b(?:what|explain)\b.{0,40}\b(?:interpreted|interpretation|emphasi[sz]ed)\b.{0,25}\b(?:mean|means|stand for|difference|stated)\b|\bmeaning of .{0,10}(?:interpreted|emphasi[sz]ed)\b"
    r"|\bdifference between .{0,20}\b(?:interpreted|emphasi[sz]ed|stated) and\b|\binterpreted\b.{0,10}\bmean|\bstated\b.{0,15}\binterpreted\b"
    r"|\b(?:que (?:veut dire|signifie|significa|quiere decir))\b.{0,20}\binterpret\w+"
)
#: Asks for the colours of the diagrams, which the text has lost.
_COLOURS = re.compile(
    r"\b(?:what|which)\b.{0,20}\bcolou?rs?\b|\bcolou?rs?\b.{0,30}\b(?:mean|stand for|legend|in the (?:diagram|chart|matrix)s?)|\b(?:quelles?|que|de que) (?:couleurs?|color(?:es)?)\b"
)
#: Asks whether the assistant speaks for anybody.
_OFFICIAL = re.compile(
    r"\b(?:are you|is (?:this|the (?:bot|assistant|tool))|est-ce|es) (?:an? |un )?(?:iom )?o(?:ffici(?:al|el|elle)|ficial)(?: (?:bot|assistant|tool|product|site|page|iom (?:bot|assistant|tool|product)))?\W*$|\bare you (?:from|part of|run by|made by) iom\b"
)
#: Asks which sectors no scenario speaks of.
_NEVER = re.compile(
    r"\b(?:which|what|any) (?:one )?(?:of (?:the|these|those|its|your|iom's) )?(?:15 |fifteen )?sectors?\b.{0,40}\b(?:never|not|no|isn't|aren't|in none|nowhere)\b.{0,40}\b(?:rated|mentioned|rate|ratings?|mention|named|cover(?:ed)?|scenarios?|spoken of|appears?|shows? up|turns? up|comes? up|occurs?)"
)


def greets(text: str) -> bool:
    """Whether a message is a greeting and nothing else."""
    return _GREETS.match(fold(text)) is not None


def asks_help(text: str) -> bool:
    """Whether a message asks what the assistant is for."""
    return _ASKS_HELP.match(fold(text)) is not None


def about_levels(text: str) -> str:
    """What of the ratings a message asks about; empty for nothing of them.

    ``bases``: what the words beside a level mean; ``colours`` of the diagrams; ``never``: which sectors no scenario speaks of.
    """
    folded = fold(text)
    found = ((_BASES, "bases"), (_COLOURS, "colours"), (_NEVER, "never"))
    return next((key for pattern, key in found if pattern.search(folded)), "")


def asks_whether_official(text: str) -> bool:
    """Whether a message asks if the assistant speaks for somebody."""
    return _OFFICIAL.search(fold(text)) is not None
