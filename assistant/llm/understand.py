"""A model's proposals about what a question means, taken only where they agree with what is known already."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.lexicon import Lexicon
from assistant.llm import prompts
from assistant.llm.client import ChatClient
from assistant.llm.request import bounded
from assistant.slots import INTENTS, THRESHOLDS, Slots
from assistant.text import content_stems, fold, sentences
from assistant.understanding import PRONOUN, Understanding
from assistant.verify import figures, names
from corpus.errors import ChatModelError
from corpus.load import Corpus
from corpus.types import CRISES, PHASES

logger = logging.getLogger(__name__)

#: Scores of the slot model from which a key is possible; below, a model's word for it counts for nothing.
POSSIBLE = 0.15
#: Scores for "about ratings" between which the similarity does not tell.
_GREY = (0.35, 0.60)
#: Longest question written to stand alone.
_LONG = 400

Key = TypeVar("Key", str, int)


class _Key(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    key: Annotated[str, Field(max_length=40, coerce_numbers_to_str=True)]
    words: Annotated[str, Field(max_length=200)]


class Proposal(BaseModel):
    """What a model thinks a question means."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    intent: Annotated[str, Field(max_length=40)] = ""
    crises: Annotated[list[_Key], Field(max_length=10)] = Field(default_factory=list)
    phases: Annotated[list[_Key], Field(max_length=10)] = Field(default_factory=list)
    sectors: Annotated[list[_Key], Field(max_length=20)] = Field(default_factory=list)
    standalone: Annotated[str, Field(max_length=2000)] = ""


def _keys_of(keys: Sequence[str]) -> dict[str, Any]:
    form = {"key": {"type": "string", "enum": list(keys)}, "words": {"type": "string"}}
    item = {"type": "object", "properties": form, "required": ["key", "words"], "additionalProperties": False}
    return {"type": "array", "items": item}


@dataclass
class Help:
    """What came of asking: the slots taken, how many proposals were discarded, tokens, and a failure."""

    taken: list[str] = field(default_factory=list)
    discarded: int = 0
    tokens: tuple[int, int] = (0, 0)
    failure: str = ""

    def shown(self) -> dict[str, object]:
        out: dict[str, object] = {"taken": tuple(self.taken), "discarded": self.discarded, "tokens": self.tokens}
        return out | ({"failure": self.failure} if self.failure else {})


class Helper:
    """Completes an understanding with a chat model where lexicon and similarity are unsure."""

    def __init__(self, client: ChatClient, corpus: Corpus, lexicon: Lexicon) -> None:
        self._client = client
        self._lexicon = lexicon
        self._vocabulary: dict[str, dict[str, str]] = {
            "intents": {i: "" for i in INTENTS},
            "crises": {c.key: c.name for c in corpus.crises},
            "phases": {p.key: p.name for p in corpus.phases},
            "sectors": {str(s.no): s.name for s in corpus.sectors},
        }
        properties: dict[str, Any] = {"intent": {"type": "string", "enum": list(INTENTS)}}
        properties |= {k: _keys_of(list(v)) for k, v in self._vocabulary.items() if k != "intents"}
        properties["standalone"] = {"type": "string"}
        self._schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def complete(
        self, u: Understanding, earlier: Sequence[str], slots: Slots | None, deadline: float
    ) -> tuple[Understanding, Help | None]:
        """The understanding with what was taken of the model's proposals; None where it was not asked."""
        open_slots = unsure(u, slots)
        if not open_slots and not (u.follow_up and u.language == "en"):
            return u, None
        told = Help()
        data = {"vocabulary": self._vocabulary, "earlier": list(earlier[-4:]), "question": u.question}
        call = self._client.start(
            [("system", prompts.UNDERSTAND), ("user", bounded(data))], deadline, ("understanding", self._schema)
        )
        try:
            for _ in call:
                pass
        except ChatModelError as error:
            told.failure = error.kind
            logger.warning(
                "chat model %s: %s (%s); the question is understood without it",
                self._client.name,
                error.kind,
                error.why,
            )
        told.tokens = call.tokens
        proposal = read_proposal(call.text) if not told.failure else None
        if proposal is None:
            return u, told
        if slots is not None:
            u = self._slots(u, proposal, slots, open_slots, told)
        return self._standalone(u, proposal.standalone, earlier, told), told

    def _slots(
        self, u: Understanding, proposal: Proposal, slots: Slots, wanted: Sequence[str], told: Help
    ) -> Understanding:
        changes: dict[str, Any] = {}
        if proposal.intent != u.intent and proposal.intent:
            sure = slots.intents.get(proposal.intent, 0.0) >= _GREY[0]
            if u.intent == "other" and proposal.intent in INTENTS and sure:
                changes["intent"] = proposal.intent
            else:
                told.discarded += 1
        scores: Mapping[str, Mapping[Any, float]] = {
            "crises": slots.crises, "phases": slots.phases, "sectors": slots.sectors,
        }  # fmt: skip
        for slot, keys in (("crises", proposal.crises), ("phases", proposal.phases), ("sectors", proposal.sectors)):
            known = {k: v for k, v in scores[slot].items() if slot in wanted and v >= POSSIBLE}
            own = distinct(keys)
            taken = [k for k in known if any(str(k) == p.key and stands_in(p.words, u.question) for p in own)]
            told.discarded += len(keys) - len(taken)
            if taken:
                changes[slot] = tuple(taken)
        told.taken += list(changes)
        return replace(u, **changes)

    def _standalone(self, u: Understanding, text: str, earlier: Sequence[str], told: Help) -> Understanding:
        """The rewritten question as what is searched for, if it stands alone, is made of the conversation and loses nothing of it."""
        if not u.follow_up or not text.strip():
            return u
        said = " ".join((*earlier, u.question))
        own, known = set(content_stems(text)), set(content_stems(said))
        whole = set(content_stems(u.question)) <= own <= known
        leans = PRONOUN.search(fold(text)) is not None or len(sentences(text)) > 1
        if (
            leans
            or not whole
            or len(text) > _LONG
            or not figures(text) <= figures(said)
            or not _names_known(text, said)
        ):
            told.discarded += 1
            return u
        told.taken.append("standalone")
        text = " ".join(text.split())
        tokens = tuple(dict.fromkeys(self._lexicon.corrected(text, "en")))
        return replace(u, text=text, english=text, tokens=tokens)


def unsure(u: Understanding, slots: Slots | None) -> list[Literal["crises", "phases", "sectors"]]:
    """Empty slots for which the similarity finds a key possible and none sure, in a question that seems to be about ratings."""
    if slots is None or u.language != "en" or u.intent not in ("rating", "coordination", "people", "examples", "other"):
        return []
    about = u.intent != "other" or _GREY[0] <= slots.intents.get("rating", 0.0) < _GREY[1]
    if not about or not set(CRISES) <= set(slots.crises) or not set(PHASES) <= set(slots.phases):
        return []
    found: list[Literal["crises", "phases", "sectors"]] = []
    if not u.crises and not u.which_crises and not u.everywhere and _possible(slots.crises, "crises"):
        found.append("crises")
    if not u.phases and not u.which_phases and u.intent in ("rating", "other") and _possible(slots.phases, "phases"):
        found.append("phases")
    asks_sectors = u.which_sector or u.wh == "which"  # "what is critical ...?" wants the list, not one of them
    if not u.sectors and not asks_sectors and u.intent in ("rating", "other") and _possible(slots.sectors, "sectors"):
        found.append("sectors")
    return found


def _possible(scores: Mapping[Key, float], slot: str) -> bool:
    return POSSIBLE <= max(scores.values(), default=0.0) < THRESHOLDS[slot]


def distinct(keys: Sequence[_Key]) -> list[_Key]:
    """The proposals whose words mean nothing else in the same slot: who names all keys has named none."""
    stems = [set(content_stems(k.words)) for k in keys]
    return [k for i, k in enumerate(keys) if not any(stems[i] & s for j, s in enumerate(stems) if j != i)]


def stands_in(words: str, question: str) -> bool:
    """Whether the words given for a key are words of the question, and fewer than half of them."""
    own, whole = set(content_stems(words)), set(content_stems(question))
    return bool(own) and own <= whole and (2 * len(own) <= len(whole) or len(own) == 1)


def _names_known(text: str, said: str) -> bool:
    return {n.lower() for n in names(text)} <= set(said.lower().replace("?", " ").replace(",", " ").split())


def read_proposal(text: str) -> Proposal | None:
    """The proposal in a reply; None where there is none that can be read."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        return None
    try:
        return Proposal.model_validate(json.loads(text[begin : end + 1]))
    except (ValueError, RecursionError, ValidationError):
        return None
