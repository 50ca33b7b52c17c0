"""Whether a question asks what is done: "what can we do?", "how does IOM help?", "what now?"."""

from __future__ import annotations

import re

from assistant.text import fold

_WE = r"(?:we|i|iom|you|one|they|the (?:organization|mission|team|framework))"
_DO = r"(?:do|offer|give|provide|prepare|deliver|set up|start|arrange|organi[sz]e|bring|get|put in place|help|assist|support|respond|deal|handle|protect|reach|tell|manage|address)"
_ASKS = re.compile(
    rf"\bwhat (?:else )?(?:can|could|do|does|should|must|shall|might|would|will|did) {_WE} {_DO}\b|\bhow (?:can|could|do|does|should|must|shall|might|would|will|did) {_WE} {_DO}\b"
    r"|\bwhat (?:now|next|then)\b|\bwhat (?:kind of |sort of )?(?:help|support|assistance|services?|activities|work|measures?|actions?|steps?) (?:is|are|can|do|does|should)\b"
    rf"|\b(?:can|could|does|do|should) {_WE} (?:also )?{_DO}\b|\bsomething (?:we|iom) (?:do|does)\b|\bwhat(?:'s| is| are) (?:to be done|being done|there for|the options|our options)\b|\boptions\W*$|\bwhat to do\b|\bwho (?:helps?|takes? care|looks? after|supports?|assists?)\b|\bis there (?:any )?(?:help|support|assistance)\b"
)


def asks_deeds(question: str) -> bool:
    """Whether a question asks what is done, by whom or for whom, rather than what something is."""
    return _ASKS.search(fold(question)) is not None
