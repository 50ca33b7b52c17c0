"""The assistant: understand, look up and rank, compose, verify. One object, no session state."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assistant import answerable, dialogue, guards
from assistant.acts import NO_ORDER, ActModel, Acts
from assistant.answer import ABSTENTIONS, Answer, Block, Paragraph, RankedPassage, Stamp, Status, Trace, Turn, shown
from assistant.answerable import AnswerModel, Asked, Evidence, features
from assistant.comparing import both_said, sides
from assistant.compose.draft import Draft
from assistant.compose.passages import sentence_of
from assistant.dialogue import LEANS, LEANS_LONG, LEANS_SHORT, LONG, SHORT, DialogueModel, Turned
from assistant.gloss import Glossary
from assistant.lexicon import Lexicon, folded_words
from assistant.phrases import NOT_IN_DOCUMENT, say
from assistant.premises import claimed_figures
from assistant.reader import SENTENCES, Readings, open_reader
from assistant.records import Record, build_records, embedded
from assistant.refine import is_decided, refine
from assistant.routes import Router
from assistant.selfname import SelfReference
from assistant.settings import Settings
from assistant.slots import SlotModel, Slots, examples_of
from assistant.suggest import suggestions
from assistant.text import FUNCTION_WORDS, detect_language, fold, words
from assistant.understanding import (
    ABOUT_DOCUMENT,
    ABOUT_REPLY,
    CORRECTS,
    NEW_SUBJECT,
    POINTS_AT,
    SAYS,
    SUPPOSES,
    WHERE_TO,
    Understanding,
    following,
    in_danger,
    leans_on_history,
    names_only,
    read,
    understand,
)
from assistant.verify import figures, verify
from corpus.errors import ChatModelError, IndexDamagedError, IndexForeignError, IndexUnusableError, ModelError
from corpus.load import Corpus, load_corpus
from corpus.types import BETWEEN, Calibration

if TYPE_CHECKING:
    from assistant.answerability.judge import DocumentJudge, Finding
    from assistant.encoder import Encoder, Vectors
    from assistant.llm.client import ChatClient
    from assistant.llm.understand import Helper
    from assistant.llm.writer import Writer
    from assistant.retrieval import HybridRetriever, Ranking

logger = logging.getLogger(__name__)

Model = TypeVar("Model")
#: Raised when the stored form of a learned model changes, or what it is learned from beside the corpus.
_LEARNED_FORMAT = 10
#: Probability from which a follow-up that was refused is answered as a chat model has written it anew. Of 25 right refusals on
#: the dev set the worst of up to 60 rewritings that the helper lets through turns 4 into an answer (without a mark 9), and of 4
#: wrong ones the best answers 2 (3).
REWRITTEN = 0.90
#: Probability from which a message with orders in it that was refused is answered by what its asking sentences say alone.
AMID_OTHERS = 0.50
#: Routes on which a reply may speak of one side of a comparison only.
ONE_SIDED = ("fact", "passage", "premise", "definition")
#: Probability that each side of a comparison needs to be answered.
EITHER_SIDE = 0.40
#: Probability from which a message that was refused as a follow-up is answered as complete in itself.
ALONE = 0.90
#: Probability that one of two questions in one needs to be answered, where both together are refused.
HALF = 0.60
#: The same of a message that only describes a situation, once what is asked is added: those words alone raise it.
SITUATION = 0.80
#: What somebody asks who only describes a situation.
WHAT_TO_DO = "what can we do?"
#: Routes on which the document is said not to answer.
JUDGED = ("not_in_document", "out_of_scope")
#: Words of content with which a later question of one message can be short of a whole one: "and how many for Syria?".
PART = 4
#: Routes on which a reply says what was looked for, so that its place can be told.
PLACED = ("fact", "passage", "definition", "mention", "topic", "reverse")
#: Noes of the document to a question, the ratings' own apart.
REFUSALS: tuple[Status, ...] = ("not_in_document", "out_of_scope")
#: Earlier replies kept, by the messages that lead to them: what they are follows from these alone.
_RECOMPOSED = 64
#: A question that takes the longest way.
_WARMING = "What does the document say about this?"


#: What is left of a message points to what it said before: surely, or perhaps.
_POINTS_BACK = re.compile(
    r"\bis (?:that|this|it) (?:what|true|right|correct|so)\b|\b(?:about|on|of) (?:it|that|this|them)\b|\b(?:there|those|these|(?:that|this|the same) (?:one|phase|stage|crisis|scenario|sector|situation|disaster|country|place|body|agency|number|figure))\b"
)
_MAY_POINT_BACK = re.compile(r"\b(?:that|this|it|its|they)\b")


@dataclass(frozen=True, slots=True)
class Features:
    """Parts that the evaluation can switch off one at a time; all are on in use."""

    lexicon: bool = True
    matrix: bool = True
    fusion: bool = True
    entry_points: bool = True
    facts: bool = True
    verification: bool = True
    abstention: bool = True


class Assistant:
    """Answers questions about one corpus.

    Safe to share between threads: nothing changes after construction but the
    retriever, which is loaded by the first question that needs it.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: Settings,
        open_retriever: Callable[[], tuple[str, HybridRetriever]],
        *,
        features: Features = Features(),
        chat: ChatClient | None = None,
    ) -> None:
        self.corpus = corpus
        self.settings = settings
        self.features = features
        self._open_retriever = open_retriever
        self._lock = threading.Lock()
        self._opened: tuple[str, HybridRetriever] | None = None
        terms = corpus.lexicon if features.lexicon else ()
        self.lexicon = Lexicon(
            terms,
            known_words=self._known_words(),
            glossary=Glossary(corpus.glossary),
            subject_words=self._subject_words,
        )
        self._own_name = SelfReference(corpus.info)
        # a reply leans on the one before, which leans on the one before that: each is composed once
        self._recomposed = lru_cache(maxsize=_RECOMPOSED)(self._recompose)
        self.chat = chat
        self._router = Router(
            corpus, lambda: self.retriever, self.asked, self.judge, self.find, self.acts, features, settings
        )

    @classmethod
    def build(cls, settings: Settings, *, features: Features = Features()) -> Assistant:
        """The assistant for the settings' corpus. Loads no model and no index yet.

        Raises:
            CorpusError: the corpus folder cannot be used.
        """
        corpus = load_corpus(settings.corpus, diagram=settings.diagram_levels)
        if not features.matrix:
            corpus = replace(corpus, evidence=(), diagram=())
        opener = partial(open_index, corpus, settings, features)
        return cls(corpus, settings, opener, features=features, chat=chat_client(settings))

    def _known_words(self) -> set[str]:
        """Correctly spelled words: the document's, and the whole words the embedding model knows."""
        known = folded_words(p.text for p in self.corpus.passages)
        return known | model_words(self.settings.embedding_model)

    def _subject_words(self) -> set[str]:
        """Words of the document, and those that two prepared questions at least hold."""
        known = folded_words(p.text for p in self.corpus.passages)
        asked = Counter(w for e in self.corpus.entry_points if e.lang == "en" for w in set(words(e.text)))
        return known | {w for w, n in asked.items() if n > 1}

    def retriever_or_none(self) -> HybridRetriever | None:
        """The retriever, or None where there is no usable index (the reason is logged once)."""
        try:
            return self.retriever
        except (IndexUnusableError, ModelError) as error:
            logger.warning("answering without the index: %s", error.message)
            return None

    @property
    def retriever(self) -> HybridRetriever:
        """The retriever. Raises IndexUnusableError or ModelError with the command that mends it."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open_retriever()
            return self._opened[1]

    @property
    def index_id(self) -> str | None:
        """Id of the opened index; None before the first question that needed it."""
        return self._opened[0] if self._opened else None

    def warm(self) -> None:
        """Load everything a question could need, learned models too. Raises what opening the index raises."""
        _ = self.retriever, self._slot_model, self._dialogue_or_none()
        asked = self.asked(_WARMING)
        self.judge(asked, 0.0)
        self.read(asked)
        self.find(_WARMING, asked.ranking)
        self._composed(_WARMING, (), _without_help)

    @cached_property
    def stamp(self) -> Stamp:
        return Stamp(self.corpus.info.symbol, self.corpus.info.date, self.corpus.source_sha256, None)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer a question in the light of the turns before it, oldest first.

        Raises:
            InputError: the question is empty or too long.
            IndexUnusableError, ModelError: a passage is needed and cannot be searched.
        """
        *_, last = self._answers_to(question, history)
        return last

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Answer]:
        """The answer of ``ask`` while it grows.

        Each value begins with the blocks of the one before; only the last is ``complete``.
        """
        shown = 0
        for answer in self._answers_to(question, history):
            for size in range(shown + 1, len(answer.blocks) + (not answer.complete)):
                yield replace(answer, blocks=answer.blocks[:size], complete=False)
            shown = len(answer.blocks)
            if answer.complete:
                yield answer

    def _answers_to(self, question: str, history: Sequence[Turn]) -> Iterator[Answer]:
        """The composer's answer; with a model that writes, its beginning, then what is added to it, then the whole."""
        if self.chat is None:
            yield self._composed(question, history, _without_help)[0]
            return
        began = self.chat.clock()
        composed, asked = self._composed(question, history, _without_help)
        asks_back = composed.status == "needs_clarification"
        refused = composed.status in REFUSALS and "follow_up" in composed.trace.understood
        if (asks_back or refused) and self._helper is not None:
            again, meant = self._composed(question, history, self._help if asks_back else self._rewrite)
            likely = again.trace.understood.get("confidence", 0.0)
            if again.status == "grounded" and (asks_back or (isinstance(likely, float) and likely >= REWRITTEN)):
                composed, asked = again, meant
            else:
                composed = replace(composed, trace=replace(composed.trace, model=again.trace.model))
        helped = composed.trace.model.get("understanding")
        failed = isinstance(helped, dict) and "failure" in helped
        if self._writer is None or failed:
            yield composed
            return
        spent = self.chat.clock() - began if helped else 0.0
        yield from self._writer.stream(composed, asked, self.chat.clock() + self.settings.chat_timeout - spent)

    @cached_property
    def _writer(self) -> Writer | None:
        """What carries answers on with the chat model; None where there is none or it may not write."""
        if self.chat is None or not self.settings.chat_writing or not self.features.verification:
            return None
        from assistant.llm.support import LEXICAL, EntailmentSupport
        from assistant.llm.writer import Writer

        folder = self.settings.chat_entailment
        support = EntailmentSupport(folder) if folder else LEXICAL
        limit = self.settings.chat_context_chars
        return Writer(self.chat, self.corpus, self.lexicon, context_chars=limit, support=support)

    @cached_property
    def _helper(self) -> Helper | None:
        """What helps to understand with the chat model; None where there is none or it may not."""
        if self.chat is None or not self.settings.chat_understanding or not self.corpus.has_matrix:
            return None
        from assistant.llm.understand import Helper

        return Helper(self.chat, self.corpus, self.lexicon)

    def _help(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
        """The understanding with what was taken of the model's proposals; what it did is noted in the draft."""
        if is_decided(u) and not u.follow_up:
            return u
        return self._proposed(draft, u, earlier, self._slots(u))

    def _rewrite(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
        """The same of a follow-up that is refused: only as what it is searched by."""
        return self._proposed(draft, u, earlier, None)

    def _proposed(self, draft: Draft, u: Understanding, earlier: Sequence[str], slots: Slots | None) -> Understanding:
        if self.chat is None or self._helper is None:
            return u
        u, told = self._helper.complete(u, earlier, slots, self.chat.clock() + self.settings.chat_timeout)
        if told is not None:
            draft.helped = {"name": self.chat.name, "understanding": told.shown()}
        return u

    def _composed(
        self,
        question: str,
        history: Sequence[Turn],
        help_with: Callable[[Draft, Understanding, Sequence[str]], Understanding],
    ) -> tuple[Answer, str]:
        """The composer's verified answer, and the question as it was understood to stand alone."""
        text = guards.readable(question, self.settings.max_question_chars)
        earlier = self._earlier(history)
        if in_danger(text):
            return self._danger(question, text), text
        if guards.foreign_script(text):
            return self._fixed(question, "out_of_scope", "out_of_scope"), text
        bare, ordered = guards.without_instructions(text, self._order_acts)
        if ordered and not self._asks_something(bare) and not guards.orders(text):
            if "?" in bare or guards.asking(bare or text, self.acts):
                bare, ordered = text, ""  # "IASC?? spell it out" bids in the manner of an order
        if ordered and not self._asks_something(bare):
            return self._fixed(question, "instruction", "out_of_scope", language=detect_language(text)), text
        bare = self._without_chatter(bare) if ordered else bare
        points_back = bool(ordered) and _POINTS_BACK.search(fold(bare)) is not None
        said = [*earlier, self.without_levels(ordered)]
        draft, understood = self._compose(bare or text, said if points_back else earlier, help_with, leans=points_back)
        if (ordered or guards.quotes(bare)) and not points_back and draft.status in REFUSALS:
            attempts = [(self._only_asking(bare), earlier, False)]
            if ordered and _MAY_POINT_BACK.search(fold(bare)):
                attempts.append((bare, said, True))
            for rest, before, leans in attempts:
                again, meant = self._compose(rest, before, help_with, leans=leans) if rest else (draft, understood)
                if surely(again, AMID_OTHERS):
                    draft, understood = again, meant
                    break
        answer = self._finish(question, draft, understood)
        asked = understood[0].text if len(understood) == 1 else bare or text
        if not self.features.verification:
            return answer, asked
        verified = verify(answer, self.corpus)
        if not verified.removed:
            return verified.answer, asked
        trace = replace(verified.answer.trace, removed=dict(verified.removed))
        left = replace(verified.answer, trace=trace)
        return (left if left.blocks else self._nothing_left(left)), asked

    def _earlier(self, history: Sequence[Turn]) -> list[str]:
        """The user's earlier messages that can be read, oldest first."""
        out = []
        for turn in list(history)[-self.settings.max_history_turns :] if self.settings.max_history_turns else []:
            if turn.role == "user" and turn.text.strip():
                text = " ".join(turn.text[: self.settings.max_question_chars].split())
                out.append(self._own_name.without(guards.without_instructions(text)[0] or text))
        return out

    def without_levels(self, text: str) -> str:
        """A text without the levels it names, so that nothing it claims is taken up."""
        level = {i for m in self.lexicon.match(text, "en") if m.kind == "level" for i in range(m.start, m.end)}
        return " ".join(w for i, w in enumerate(words(text)) if i not in level)

    def _without_chatter(self, text: str) -> str:
        """What is left after orders were dropped, without the sentences around its questions that name nothing."""
        asking = guards.asking(text, self.acts)
        if not asking:
            return text
        parts = guards.sentences_of(text)
        return " ".join(p for p in parts if p in asking or any(not m.weak for m in self.lexicon.match(p, "en")))

    def _only_asking(self, text: str) -> str:
        """The sentences of a message that ask, where it has others too; else nothing."""
        asking = guards.asking(text, self.acts)
        return " ".join(asking) if asking and asking != guards.sentences_of(text) else ""

    def acts(self, sentence: str) -> Acts | None:
        """What a sentence of a message does; None where there is no index or nothing was learned."""
        model = self._act_model_or_none()
        return None if model is None else model.acts(sentence, self.retriever.encode(sentence))

    def _order_acts(self, sentence: str) -> Acts | None:
        """The same, as far as it takes to tell an order: a sentence whose words make none is not embedded."""
        model = self._act_model_or_none()
        spared = model is not None and not guards.orders(sentence) and not model.maybe_order(sentence)
        return NO_ORDER if spared else self.acts(sentence)

    def _act_model_or_none(self) -> ActModel | None:
        """The act model; None where there is no index or nothing was learned."""
        if self.retriever_or_none() is None:
            return None
        try:
            return self._act_model
        except IndexUnusableError as error:
            logger.warning("telling orders by patterns alone: %s", error.message)
            return None

    @cached_property
    def _act_model(self) -> ActModel | None:
        """The act model over the corpus' labelled sentences; None where there is too little to learn from."""
        return self._learned("acts", ActModel.load) if self.corpus.acts else None

    def _asks_something(self, text: str) -> bool:
        """Whether what is left after instructions were dropped is a question of its own."""
        if len(text.split()) < 3:
            return False
        u = understand(text, [], self.lexicon)
        return bool(u.crises or u.sectors or u.partners or u.wh or "?" in text)

    def _compose(
        self,
        text: str,
        earlier: Sequence[str],
        help_with: Callable[[Draft, Understanding, Sequence[str]], Understanding],
        *,
        leans: bool = False,
    ) -> tuple[Draft, list[Understanding]]:
        """The reply to a message, and what each of its parts was understood to ask.

        The first part ``leans`` on the last message before where that is known already.
        """
        parts = guards.parts_of(guards.without_dismissal(text))
        draft, understood = self._parts(parts, earlier, help_with, _leaning_surely if leans else self._leaning)
        # "... I always mix these up." after a question changes nothing of it; before it, it is what the question is about
        asking = parts[:1] if all(guards.only_tells(p) for p in parts[1:]) else parts
        if len(asking) != 1 or len(understood) != 1 or understood[0].language != "en":
            return draft, understood
        if not understood[0].follow_up:
            draft, understood = self._side_by_side(asking[0], draft, understood)
        elif draft.status in REFUSALS and not leans:
            alone, meant = self._parts(parts, (), help_with, _leaning_never)
            if alone.status == "grounded" and (alone.confidence or 0.0) >= ALONE:
                return alone, meant
        if draft.status in REFUSALS and draft.route in JUDGED:
            draft, understood = self._by_halves(asking[0], earlier, draft, understood)
        plain = understood[0].intent in ("other", "rating") and not understood[0].follow_up
        unsaid = draft.status == "not_rated" or (draft.status == "not_in_document" and draft.route in JUDGED)
        if plain and unsaid and guards.situation(asking[0]):
            doing, meant = self._parts(
                [f"{asking[0].rstrip(' .!,')}, {WHAT_TO_DO}"], earlier, _without_help, _leaning_never
            )
            if surely(doing, SITUATION):
                return doing, meant
        return draft, understood

    def _by_halves(
        self, text: str, earlier: Sequence[str], draft: Draft, understood: list[Understanding]
    ) -> tuple[Draft, list[Understanding]]:
        """The reply to two questions in one that are refused together, where one at least is surely answered by itself."""
        asked = guards.halves(text)
        for half in asked:
            alone, _ = self._parts([half], earlier, _without_help, self._leaning)
            if surely(alone, HALF):
                both, meant = self._parts(asked, earlier, _without_help, self._leaning)
                return both, meant
        return draft, understood

    def _side_by_side(
        self, text: str, draft: Draft, understood: list[Understanding]
    ) -> tuple[Draft, list[Understanding]]:
        """The reply to a comparison: where it was refused or speaks of one side only, of each side by itself if both are answered."""
        asked = sides(text) if draft.route in ONE_SIDED or draft.status in REFUSALS else None
        if asked is None:
            return draft, understood
        first, second = ([side] for side in asked)
        alone, _ = self._parts(first, (), _without_help, _leaning_never)
        told = draft.status == "grounded" and both_said(asked, _said(draft))
        if told and alone.route != "role":
            return draft, understood  # a table tells who leads; facts that name both may tell something else
        if not surely(alone, EITHER_SIDE):
            return draft, understood
        alone, _ = self._parts(second, (), _without_help, _leaning_never)
        if not surely(alone, EITHER_SIDE):
            return draft, understood
        both, meant = self._parts(asked, (), _without_help, _leaning_never)
        return (both, meant) if both_said(asked, _said(both)) else (draft, understood)

    def _parts(
        self,
        parts: Sequence[str],
        earlier: Sequence[str],
        help_with: Callable[[Draft, Understanding, Sequence[str]], Understanding],
        leaning: Callable[[Understanding, str], Understanding | None],
    ) -> tuple[Draft, list[Understanding]]:
        """The reply to each part of a message after another; ``leaning`` judges the first, the learned model the others."""
        draft = Draft(self.corpus, "en")
        understood: list[Understanding] = []
        statuses: list[Status] = []
        noes: list[Block] = []
        before = list(earlier)
        for number, part in enumerate(parts):
            if draft.route == "opinion" and not guards.asks(part):
                continue  # "We have to pick one by Friday." only says why somebody asks
            if guards.only_tells(part) and len(parts) > 1:
                if not all(guards.only_tells(p) for p in parts[number:]):
                    before.append(part)  # what the question after it is about
                    continue
                if statuses and statuses[-1] in ABSTENTIONS:
                    continue  # "A list please." says how a question is to be answered that cannot be
            part = self._own_name.without(part)
            place = guards.located(part)
            part = place or part
            u = help_with(draft, understand(part, before, self.lexicon, self._refine, leaning), before)
            leaning = leaning if leaning is _leaning_never else self._leaning_part
            if understood:
                u = replace(u, language=understood[0].language)
            understood.append(u)
            draft.language = understood[0].language
            draft.status = "grounded"
            size = len(draft.blocks)
            self._router.answer(draft, u, partial(self._previous, tuple(before)))
            if place and draft.status == "grounded" and draft.route in PLACED:
                _tell_place(draft, size, part)
            if draft.status in REFUSALS:
                # the no itself; what comes near, and who has another role, is cited and stays
                noes += [b for b in draft.blocks[size : size + 1] if not cites(b)]
            statuses.append(draft.status)
            before.append(part)
        if "grounded" in statuses and any(s in REFUSALS for s in statuses):
            draft.blocks[:] = [b for b in draft.blocks if not any(b is no for no in noes)]
            draft.blocks.append(Paragraph(draft.say("partial"), template=True))
        draft.status = combined(statuses)
        return draft, understood

    def _refine(self, u: Understanding) -> Understanding:
        """Complete a message's slots with the learned model, where the lexicon leaves them open and an index is there."""
        slots = None if is_decided(u) else self._slots(u)
        return u if slots is None else refine(u, slots)

    def _leaning(self, u: Understanding, before: str) -> Understanding | None:
        """A message that leans on the one before, with what it asks about the reply to that; None for one that does not.

        Judged by the learned model where there is one, else by patterns.
        """
        model = self._dialogue_or_none() if u.intent != "danger" else None
        if model is None:
            return u if leans_on_history(u) else None
        before_english = self.lexicon.english(before, self.lexicon.language(before))
        vectors = self.retriever.encode(u.english), self.retriever.encode(before_english)
        asks = model.about_reply(u.english, vectors[0])
        if WHERE_TO.match(fold(u.question)) or (asks == "author" and not SAYS.search(fold(u.question))):
            asks = "other"
        if u.intent == "thanks" or (asks == "thanks" and not u.matches):
            return None
        folded = fold(u.question)
        if NEW_SUBJECT.match(folded) or ABOUT_DOCUMENT.search(folded):
            return None
        if POINTS_AT.search(folded) or CORRECTS.search(folded) or names_only(u):
            return u
        if u.phases and not (u.crises or u.sectors) and names_only(read(before, self.lexicon, u.language)):
            return u  # "what is done during the crisis?" after "counter-trafficking"
        if SUPPOSES.match(folded) and not (u.crises and (u.sectors or u.levels)):
            return u  # "and if it is an epidemic?"
        size = len([t for t in u.english_tokens if t not in FUNCTION_WORDS["en"]])
        least = LEANS_SHORT if size <= SHORT and leans_on_history(u) else LEANS_LONG if size >= LONG else LEANS
        if model.leans(Turned(u, vectors[0], before_english, vectors[1]), self.retriever) < least:
            return None
        return replace(u, intent=asks) if asks not in ("other", "thanks") and u.intent not in ABOUT_REPLY else u

    def _leaning_part(self, u: Understanding, before: str) -> Understanding | None:
        """The same of a later question of one message, which leans on the one before wherever it is short of one."""
        size = len([t for t in u.english_tokens if t not in FUNCTION_WORDS["en"]])
        return u if size <= PART and leans_on_history(u) else self._leaning(u, before)

    def _dialogue_or_none(self) -> DialogueModel | None:
        """The dialogue model; None without dialogues to learn from, and as long as there is no index."""
        if not self.corpus.dialogues or self.retriever_or_none() is None:
            return None
        try:
            return self._dialogue
        except IndexUnusableError as error:
            logger.warning("following up by patterns alone: %s", error.message)
            return None

    @cached_property
    def _dialogue(self) -> DialogueModel | None:
        """The dialogue model over the corpus' dialogues; None where there are too few to learn from."""
        return self._learned("dialogue", DialogueModel.load)

    def _slots(self, u: Understanding) -> Slots | None:
        """The slot model's scores for a message; None where there is no index or nothing was learned."""
        retriever = self.retriever_or_none()
        if retriever is None:
            return None
        try:
            model = self._slot_model
        except IndexUnusableError as error:
            logger.warning("answering without the slot model: %s", error.message)
            return None
        if model is None:
            return None
        asked = self.lexicon.english(u.question, u.language)
        return model.predict(asked, retriever.encode(asked))

    @cached_property
    def _slot_model(self) -> SlotModel | None:
        """The slot model over the corpus' utterances; None where there is too little to learn from."""
        return self._learned("slots", SlotModel.load) if self.corpus.utterances else None

    def _learned(self, name: str, load: Callable[[Path], Model]) -> Model | None:
        """A model that ``mcof ingest`` learned from this very corpus; None where there was too little to learn from.

        Raises:
            IndexUnusableError: there is no such file: a table was edited since, or it is damaged.
        """
        _ = self.retriever
        path = learned_file(self.settings, name, self.index_id or "", self.corpus)
        try:
            return load(path) if path.stat().st_size else None
        except FileNotFoundError as error:
            text = "What is learned from the prepared questions belongs to another version of the tables."
            raise IndexForeignError(text, remedy="Run 'mcof ingest' to learn it anew.") from error
        except (OSError, ValueError) as error:
            text = "What is learned from the prepared questions cannot be read."
            raise IndexDamagedError(text, remedy="Run 'mcof ingest --force' to learn it anew.") from error

    def asked(self, question: str, vector: Vectors | None = None) -> Asked:
        """An English question read and ranked for the judgement; raises what opening the index raises.

        ``vector`` is its embedding, where it is known.
        """
        return self._asked(read(question, self.lexicon), vector)

    def asked_after(self, question: str, earlier: Sequence[str]) -> Asked:
        """The same of a message that leans on the last of those before it, oldest first."""
        return self._asked(following(question, earlier, self.lexicon), None)

    def asked_of(self, row: Calibration, vector: Vectors | None = None) -> Asked:
        """The same of a calibration question, which may lean on a message before."""
        return self.asked_after(row.text, row.earlier.split(BETWEEN)) if row.earlier else self.asked(row.text, vector)

    def _asked(self, u: Understanding, vector: Vectors | None) -> Asked:
        vector = self.retriever.encode(u.english) if vector is None else vector
        ranking = self.retriever.rank(u.english, u.english_tokens, vector=vector)
        return Asked(u.english, u.english_tokens, vector, ranking, u.conversation)

    def judge(self, asked: Asked, least: float) -> float | None:
        """Probability that the document answers, 0 to 1; None where nothing was learned about that.

        The nearest sentence is read where that could move the probability across ``least``; reading takes longer than
        all else together.
        """
        model = self._answers
        if model is None:
            return None
        wording = model.wording(asked.question, asked.vector)
        values = features(asked, self._evidence, self._absent @ asked.vector, wording)
        if model.settled(values, least, follow_up=asked.follow_up):
            return model.probability(values, follow_up=asked.follow_up)
        reading = max(self.read(asked).values(), default=None)
        return model.probability(values, reading, follow_up=asked.follow_up)

    def sentences(self, ranking: Ranking) -> list[str]:
        """The sentences of the nearest facts that the reader is shown, nearest first."""
        found: dict[str, None] = {}
        for hit in ranking.facts():
            fact = self.corpus.fact_by_id[hit.fact]
            found[sentence_of(fact, self.corpus.by_ref)] = None
            if len(found) == SENTENCES:
                break
        return list(found)

    def read(self, asked: Asked) -> Readings:
        """Log odds that each of the nearest sentences answers a question, nearest first; empty without a reader.

        Raises:
            IndexUnusableError: the reader's export is damaged.
        """
        reader = self.retriever.reader
        if reader is not None and not asked.readings:
            shown = self.sentences(asked.ranking)
            asked.readings.update(zip(shown, reader.logits(asked.spoken, shown).tolist(), strict=True))
        return asked.readings

    def find(self, question: str, ranking: Ranking) -> Finding | None:
        """The sentences of a document without prepared questions, judged; None beside such questions."""
        return self.document_judge.find(question, ranking)

    @cached_property
    def document_judge(self) -> DocumentJudge:
        """What judges a document without prepared questions."""
        from assistant.answerability.judge import DocumentJudge

        return DocumentJudge(self.retriever)

    @cached_property
    def _answers(self) -> AnswerModel | None:
        return self._learned("answers", AnswerModel.load) if self.corpus.not_covered else None

    @cached_property
    def _absent(self) -> Vectors:
        """Vectors of the questions that the document does not answer, ``(n, dim)``."""
        _, vectors = self.retriever.examples.get("absent", ((), self.retriever.vectors[:0]))
        return vectors

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self.corpus, self.retriever)

    def _previous(self, earlier: Sequence[str], back: int = 0) -> Draft | None:
        """The reply to the last of the earlier messages, or one further ``back``, composed anew from them alone."""
        earlier = earlier[: len(earlier) - back]
        return self._recomposed(tuple(earlier)) if earlier else None

    def _recompose(self, turns: tuple[str, ...]) -> Draft:
        """The reply to the last of some messages. It is only read."""
        return self._compose(turns[-1], turns[:-1], _without_help)[0]

    def _finish(self, question: str, draft: Draft, understood: Sequence[Understanding]) -> Answer:
        u = understood[0]
        if draft.language != "en" and draft.citations and draft.status in ("grounded", "partial", "not_rated"):
            draft.notice = f"{draft.notice} {draft.say('english_note')}".strip()
        ranked = tuple(
            RankedPassage(
                h.ref, round(h.score, 4), round(h.best.dense, 4), round(h.best.lexical, 4), h.best.record.kind
            )
            for h in draft.ranked
        )
        trace = Trace(
            understood=u.shown() | ({} if draft.confidence is None else {"confidence": round(draft.confidence, 4)}),
            route=draft.route,
            cells=tuple(draft.lookups),
            ranked=ranked,
            checks=("citations", "quotes", "levels", "figures and names") if self.features.verification else (),
            model=draft.helped,
        )
        return Answer(
            question=question,
            language=draft.language,
            status=draft.status,
            blocks=tuple(dict.fromkeys(draft.blocks)),  # two parts of a message may say the same
            citations=tuple(draft.citations),
            stamp=replace(self.stamp, index_id=self.index_id),
            cells=tuple(draft.cells),
            suggestions=tuple(draft.suggestions) or suggestions(draft, u),
            choices=tuple(draft.choices),
            notice=draft.notice,
            nearest=tuple(draft.nearest),
            trace=trace,
        )

    def _fixed(self, question: str, key: str, status: Status, *, language: str | None = None, **values: str) -> Answer:
        draft = Draft(self.corpus, language or detect_language(question))  # type: ignore[arg-type]
        draft.blocks.append(Paragraph(draft.say(key, no=NOT_IN_DOCUMENT[draft.language], **values), template=True))
        draft.status = status
        draft.route = key
        u = Understanding(question, question, draft.language, ())
        return self._finish(question, draft, [u])

    def _danger(self, question: str, text: str) -> Answer:
        language = detect_language(text)
        contact = self.settings.emergency_contact
        told = say(language, "danger_contact", contact=contact) if contact else say(language, "danger_no_contact")
        return self._fixed(question, "danger", "out_of_scope", language=language, contact=told)

    def _nothing_left(self, answer: Answer) -> Answer:
        """Every piece failed verification: the honest reply is that nothing can be shown."""
        text = say(
            answer.language,
            "not_in_document",
            no=NOT_IN_DOCUMENT[answer.language],
            missing="",
            symbol=self.corpus.info.symbol,
        )
        return replace(answer, status="not_in_document", blocks=(Paragraph(text, template=True),), citations=())


def _without_help(draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
    """The understanding as lexicon and similarity have it."""
    return u


def _leaning_surely(u: Understanding, before: str) -> Understanding:
    """A message that is known to lean on the one before."""
    return u


def _leaning_never(u: Understanding, before: str) -> None:
    """A message that is known to be complete in itself."""


def _tell_place(draft: Draft, size: int, sought: str) -> None:
    """Say first where the first of the blocks from ``size`` on that cites something stands.

    Not where it corrects what was ``sought``: "which paragraph says that there are 20 sectors?" has no place.
    """
    first = next((b for b in draft.blocks[size:] if isinstance(b, Paragraph)), None)
    corrects = first is None or (first.template and draft.route != "mention")
    cited = first.citations if first is not None and not corrects else ()
    refs = dict.fromkeys(c.ref for c in draft.citations if c.number in cited)
    quotes = " ".join(c.quote for c in draft.citations if c.number in cited)
    if refs and claimed_figures(sought) <= figures(quotes):
        head = Paragraph(draft.say("reference_head", refs=", ".join(refs)), cited, template=True)
        draft.blocks.insert(size, head)


def surely(draft: Draft, least: float) -> bool:
    """Whether a reply answers, with at least this probability where it was judged."""
    return draft.status == "grounded" and (draft.confidence is None or draft.confidence >= least)


def cites(block: Block) -> bool:
    """Whether a block of a reply cites something."""
    return not isinstance(block, Paragraph) or bool(block.citations)


def _said(draft: Draft) -> str:
    """What a reply says, as it is shown."""
    return shown(draft.blocks)


def combined(statuses: Sequence[Status]) -> Status:
    """Status of a compound answer: that of its parts where they agree, else partial."""
    if len(set(statuses)) == 1:
        return statuses[0]
    if any(s in ("grounded", "partial") for s in statuses):
        return "partial"
    return statuses[0]


def chat_client(settings: Settings) -> ChatClient | None:
    """The client of the configured chat model; None where none is configured or it cannot be set up (logged)."""
    if not settings.chat_model:
        return None
    from assistant.llm.setup import connect

    try:
        return connect(settings)
    except ChatModelError as error:
        logger.warning("answering without the chat model %s: %s", settings.chat_model, error)
        return None


def model_words(model: str) -> set[str]:
    """Whole words in the vocabulary of the embedding model; empty where it has no plain vocabulary."""
    from assistant.encoder import model_folder

    try:
        path: Path = model_folder(model) / "vocab.txt"
        lines = path.read_text(encoding="utf-8").splitlines()
    except (ModelError, OSError):
        return set()
    return {w for w in lines if w.isalpha() and len(w) > 3}


def learned_file(settings: Settings, name: str, index: str, corpus: Corpus) -> Path:
    """Where ``mcof ingest`` keeps what was learned from a corpus and its index: ``name`` is slots, acts, answers or dialogue.

    The name holds what was learned from, every table of the corpus and its
    reader: after an edit there is another file or none, never a stale one. Of a
    corpus with too few examples the file is empty.
    """
    from assistant.encoder import file_sha256

    reader = file_sha256(settings.reader) if settings.reader else ""
    key = hashlib.sha256(f"{_LEARNED_FORMAT} {index} {corpus.fingerprint} {reader}".encode()).hexdigest()[:16]
    return settings.data_dir / "models" / f"{name}-{key}.npz"


def learn_slots(corpus: Corpus, retriever: HybridRetriever) -> SlotModel | None:
    """The slot model of the corpus' examples, from the vectors in the index; None without examples."""
    import numpy as np

    examples = examples_of(corpus)
    vectors = retriever.vectors_of(list(examples))
    found = [e for text, e in examples.items() if text in vectors]
    if not any(e.slots for e in found):
        return None
    return SlotModel.fit(found, np.stack([vectors[e.text] for e in found]))


def learn_dialogue(assistant: Assistant) -> DialogueModel | None:
    """The dialogue model of the assistant's corpus; None without dialogues."""
    return dialogue.learn(assistant.corpus, assistant.retriever, lambda text: read(text, assistant.lexicon))


def learn_answers(assistant: Assistant) -> AnswerModel | None:
    """What tells whether the document answers, learned from the assistant's corpus; None where there is too little."""
    corpus, retriever = assistant.corpus, assistant.retriever
    known = retriever.vectors_of([c.text for c in corpus.calibration])
    return answerable.learn(corpus, retriever, lambda row: assistant.asked_of(row, known.get(row.text)), assistant.read)


def open_index(
    corpus: Corpus, settings: Settings, features: Features = Features(), *, reads: bool = True
) -> tuple[str, HybridRetriever]:
    """Id of the index and the retriever over it; without the corpus' reader unless it ``reads``.

    Raises:
        IndexUnusableError, ModelError: with the command that mends it.
    """
    from assistant.encoder import OnnxEncoder, export_folder
    from assistant.index import stored_vectors

    encoder = OnnxEncoder(export_folder(settings.data_dir, settings.embedding_model, settings.adapter))
    records = build_records(load_corpus(settings.corpus) if not features.matrix else corpus)
    identifier, stored = stored_vectors(settings, corpus.info.id, embedded(records), encoder.model_id)
    return identifier, retriever_over(corpus, settings, records, stored, encoder, identifier, features, reads=reads)


def retriever_over(
    corpus: Corpus,
    settings: Settings,
    records: Sequence[Record],
    stored: Vectors,
    encoder: Encoder,
    identifier: str,
    features: Features = Features(),
    *,
    reads: bool = True,
) -> HybridRetriever:
    """The retriever over all records of a corpus; ``stored`` has the vectors of those that are embedded, in order."""
    import numpy as np

    from assistant.encoder import OnnxEncoder, WordEncoder
    from assistant.index import index_root
    from assistant.ranking.wordstore import load_words
    from assistant.retrieval import DENSE_WEIGHT, HybridRetriever

    vectors = np.zeros((len(records), stored.shape[1]), dtype=np.float32)
    vectors[[i for i, r in enumerate(records) if r.lang == "en"]] = stored
    keep = [
        i
        for i, r in enumerate(records)
        if (features.entry_points or r.kind != "entry") and (features.facts or (r.kind != "fact" and not r.fact))
    ]
    if len(keep) < len(records):
        vectors = vectors[keep]
        records = tuple(records[i] for i in keep)
    folder = index_root(settings, corpus.info.id) / identifier
    words = partial(load_words, folder, encoder=encoder) if isinstance(encoder, WordEncoder) else None
    weight = DENSE_WEIGHT if features.fusion else 1.0
    title = corpus.info.title
    reader = open_reader(settings) if reads and isinstance(encoder, OnnxEncoder) else None
    return HybridRetriever(
        records, vectors, encoder, dense_weight=weight, title=title, sentence_words=words, reader=reader
    )
