"""Where the lexicon is unsure, the slot model completes what a message asks.

The lexicon's certain finds stay unless the model is sure of something else; an
ambiguous word counts when the model agrees with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from assistant.slots import THRESHOLDS, Slots
from assistant.text import FUNCTION_WORDS
from assistant.understanding import Intent, Understanding, outside_words
from corpus.types import PHASES

Key = TypeVar("Key", str, int)

#: Score from which the model's kind of question replaces an uncertain one, and one that a pattern found.
_TAKE_INTENT, _REPLACE_INTENT = 0.45, 0.70
#: Score below which a pattern's kind of question is given up for one taken; score for ratings of a comparison of crises.
_UNLIKELY, _COMPARED = 0.20, 0.35
#: Lead with which another kind replaces one that a pattern found, whatever that scores itself.
_OUTRIGHT = 0.45
#: An ambiguous word is preferred to the model's first key when it scores at most this much less.
_NEARLY = 0.08
#: Share of the first crisis' score from which the second is answered for too.
_RIVAL = 0.6
#: The same of phases: where no word names one, two are answered for rather than one guessed.
_RIVAL_PHASE = 0.80
#: Score from which a further key joins those that certain words named.
_ALSO = 0.50
#: Share of the first key's score from which the second counts as much, where several may be meant.
_TIE = 0.9
#: An ambiguous word's key is believed at this score; a certain word's key is given up below the second, if another key is sure.
_BELIEVE, _DOUBT, _SURE, _FAR = 0.20, 0.05, 0.55, 0.50


def is_decided(u: Understanding) -> bool:
    """Whether the lexicon alone has understood a message: what is left over is no content."""
    left = outside_words(u)
    if u.intent in ("danger", "thanks", "author", "reference", "reason", "more", "less"):
        return True
    if u.weak_sectors and not u.sectors and (u.levels or u.rating_cue):
        return False  # "is health important in a flood?"
    if u.crises and (u.phases or u.sectors) and not left and not u.wh:
        return True
    content = [t for t in u.tokens if t not in FUNCTION_WORDS[u.language]]
    if len(content) < 3:
        return True
    if u.intent == "rating":
        return bool(u.crises and u.phases and (u.sectors or u.levels)) and len(left) <= 1 and len(u.crises) == 1
    if u.intent in ("coordination", "people", "examples"):
        return bool(u.crises) and len(left) <= 2
    return False


def refine(u: Understanding, slots: Slots) -> Understanding:
    """The understanding completed by the model's scores."""
    intent = _intent(u, slots)
    changes: dict[str, object] = {"intent": intent, "rating_score": slots.intents["rating"]}
    if intent in ("rating", "coordination", "people", "examples"):
        across = u.wh == "where" and intent == "rating"  # "where does X come out as critical?" asks for all of them
        open_crises = not u.which_crises and not u.everywhere and not across
        if not (u.comparison and len(u.crises) > 1):  # of what is named to be compared nothing is given up
            least = THRESHOLDS["crises"] if open_crises else 0.65
            changes["crises"] = _keys(u.crises, u.weak_crises, slots.crises, least, several=u.comparison)
        if not u.crises and not u.weak_crises and intent == "rating":
            changes["crises"] = _rivals(slots.crises, THRESHOLDS["crises"], _RIVAL) or changes["crises"]
    if intent != "rating" and u.which_sector:
        changes["sectors"] = _keys(u.sectors, u.weak_sectors, slots.sectors, THRESHOLDS["sectors"], several=True)
    if intent == "rating":
        if not u.which_phases and not across and len(u.phases) < len(PHASES):
            if not (u.comparison and len(u.phases) > 1):
                least = THRESHOLDS["phases"]
                changes["phases"] = _keys(u.phases, u.weak_phases, slots.phases, least, several=u.comparison)
            if not u.phases and not u.weak_phases:
                changes["phases"] = _rivals(slots.phases, THRESHOLDS["phases"], _RIVAL_PHASE) or changes["phases"]
        likely = {no: score for no, score in slots.sectors.items() if no not in u.no_sectors}
        sectors = _keys(u.sectors, u.weak_sectors, likely, THRESHOLDS["sectors"], several=True) if likely else ()
        best = max((slots.sectors[s] for s in sectors), default=0.0)
        changes["sectors"] = sectors
        changes["sector_guessed"] = not u.sectors and best < THRESHOLDS["sectors"]
        if not u.levels:
            advises = u.language == "en" and "recommended" not in u.tokens  # "what does it recommend?" names no level
            likely_levels = {k: v for k, v in slots.levels.items() if not (advises and k == "recommended")}
            changes["levels"] = _keys(u.levels, (), likely_levels, 0.60, several=True)
    named = {"crises": u.crises or u.weak_crises, "phases": u.phases or u.weak_phases}
    changes["guessed"] = tuple(slot for slot, keys in named.items() if changes.get(slot) and not keys)
    return replace(u, **changes)  # type: ignore[arg-type]


def _intent(u: Understanding, slots: Slots) -> Intent:
    best = max(slots.intents, key=lambda k: slots.intents[k])
    score = slots.intents[best]
    if u.comparison and len(u.crises) > 1 and slots.intents["rating"] >= _COMPARED and u.intent in ("other", "rating"):
        return "rating"
    if u.intent == "other":
        return best if score >= _TAKE_INTENT else "other"  # type: ignore[return-value]
    if u.intent == "rating" and u.crises and u.phases and u.sectors:
        return "rating"
    own = slots.intents.get(u.intent, 0.0)
    if best != u.intent and (
        (score >= _REPLACE_INTENT and own < 0.30)
        or (score >= _TAKE_INTENT and own < _UNLIKELY)
        or score - own >= _OUTRIGHT
    ):
        return best  # type: ignore[return-value]
    return u.intent


def _rivals(scores: Mapping[Key, float], threshold: float, share: float) -> tuple[Key, ...]:
    """The two first keys, in the table's order, where the model takes neither for sure and both for likely."""
    first, second = sorted(scores, key=lambda k: -scores[k])[:2]
    if threshold <= scores[first] < _SURE and scores[second] >= share * scores[first]:
        return tuple(k for k in scores if k in (first, second))
    return ()


def _keys(
    found: Sequence[Key], weak: Sequence[Key], scores: Mapping[Key, float], threshold: float, *, several: bool
) -> tuple[Key, ...]:
    """Keys of one slot: the lexicon's, unless the model is sure of another; else what the model is sure enough of."""
    ranked = sorted(scores, key=lambda k: -scores[k])
    top = ranked[0]
    order = list(scores)
    if found:
        # a certain word is given up only for a key the model is far surer of
        rival = scores[top] >= _SURE
        kept = [k for k in found if not rival or scores.get(k, 0.0) >= max(_DOUBT, scores[top] * _FAR)]
        if kept:
            extra = [k for k in ranked if several and k not in kept and scores[k] >= _ALSO]
            return tuple(k for k in order if k in kept or k in extra)
    believed = [k for k in weak if scores.get(k, 0.0) >= _BELIEVE]
    if believed and not several and scores[top] - scores[believed[0]] <= _NEARLY:
        return tuple(believed[:1])
    sure = [k for k in ranked if scores[k] >= threshold and (several or k == top)]
    if several and len(sure) == 1 and scores[ranked[1]] >= _TIE * scores[top]:
        sure.append(ranked[1])
    chosen = sure or believed[:1]
    return tuple(k for k in order if k in chosen[:3])
