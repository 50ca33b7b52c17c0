"""The manner of a question: whether it asks what is done ("what can we do?"), or whether or how something is so."""

from __future__ import annotations

import re

from assistant.text import fold

_WE = r"(?:we|i|iom|you|one|they|the (?:organization|mission|team|framework))"
_DO = r"(?:do|offer|give|provide|prepare|deliver|set up|start|arrange|organi[sz]e|bring|get|put in place|help|assist|support|respond|deal|handle|protect|reach|tell|manage|address|invest|focus|concentrate)"
_ASKS = re.compile(
    rf"\bwhat (?:else )?(?:can|could|do|does|should|must|shall|might|would|will|did) {_WE} {_DO}\b|\bhow (?:can|could|do|does|should|must|shall|might|would|will|did) {_WE} {_DO}\b"
    r"|\bwhat (?:now|next|then)\b|\bwhat (?:kind of |sort of )?(?:help|support|assistance|services?|activities|work|measures?|actions?|steps?) (?:is|are|can|do|does|should)\b"
    rf"|\bwhat {_WE} (?:can|could|should|must|may|might|will|would|has to|have to|ought to) (?:do|offer|provide)\b|\bwhat (?:can|could|should|must|has to|needs to|will) (?:it )?be (?:done|offered|provided)\b|\bwhat (?:is|gets|was) done\b"
    rf"|\b(?:can|could|does|do|should) {_WE} (?:also )?{_DO}\b|\bsomething (?:we|iom) (?:do|does)\b|\bwhat(?:'s| is| are) (?:to be done|being done|there for|the options|our options)\b|\boptions\W*$|\bwhat to do\b|\bwhat (?:goes|belongs|to put|to include|to write)\b.{{0,20}}\b(?:plan|proposal|strategy)\b|\bwhat (?:should|must|can|do|would) (?:we|i) (?:put|include|have|write)\b.{{0,20}}\b(?:plan|proposal|strategy)\b|\bour job\b|\bwho (?:helps?|takes? care|looks? after|supports?|assists?)\b|\bis there (?:any )?(?:help|support|assistance)\b"
)

_WHETHER = re.compile(
    r"^\W*(?:(?:so|and|but|ok(?:ay)?|hi|hello|well|sorry|please|actually)\W+)*(?:is|are|was|were|does|do|did|has|have|can|could|may|must|should|would|will)(?:n't)?\b(?! (?:you|u|there)\b| (?:i|we) (?:please )?(?:have|get|see)\b)"
)
_MANNER = re.compile(r"\bhow (?:do|does|can|could|should|would|to|did)\b|\bwhy\b")


def asks_whether(question: str) -> bool:
    """Whether a question is to be answered by yes or no; "can you list them?" is not."""
    return _WHETHER.search(fold(question)) is not None


def asks_manner(question: str) -> bool:
    """Whether a question asks how or why something is done."""
    return _MANNER.search(fold(question)) is not None


def asks_deeds(question: str) -> bool:
    """Whether a question asks what is done, by whom or for whom, rather than what something is."""
    return _ASKS.search(fold(question)) is not None
