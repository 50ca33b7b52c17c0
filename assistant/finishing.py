"""From a draft to the answer: verified, stamped, with what to ask next; and the replies that need no draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from assistant.answer import Answer, Block, Bullets, Paragraph, RankedPassage, Stamp, Trace
from assistant.compose.draft import Draft
from assistant.opening import LazyIndex
from assistant.phrases import NOT_IN_DOCUMENT, say
from assistant.suggest import suggestions
from assistant.understanding import Understanding
from assistant.verify import verify
from corpus.load import Corpus
from corpus.types import Language


class Finisher:
    """Makes answers of drafts about one corpus."""

    def __init__(self, corpus: Corpus, index: LazyIndex, *, emergency_contact: str, verifies: bool) -> None:
        self._corpus, self._index = corpus, index
        self._emergency_contact, self._verifies = emergency_contact, verifies

    def finish(self, question: str, draft: Draft, understood: Sequence[Understanding]) -> Answer:
        """The answer to a question, without what fails verification; ``understood`` are its parts."""
        answer = self._answer(question, draft, understood[0])
        if not self._verifies:
            return answer
        verified = verify(answer, self._corpus)
        if not verified.removed:
            return verified.answer
        trace = replace(verified.answer.trace, removed=dict(verified.removed))
        left = replace(verified.answer, trace=trace)
        return left if left.blocks else self._nothing_left(left)

    def fixed(self, question: str, key: str, language: Language, **values: str) -> Answer:
        """The answer to what is no question to the document: a phrase, whatever was asked."""
        draft = Draft(self._corpus, language)
        draft.blocks.append(Paragraph(draft.say(key, no=NOT_IN_DOCUMENT[language], **values), template=True))
        draft.status = "out_of_scope"
        draft.route = key
        return self._answer(question, draft, Understanding(question, question, language, ()))

    def danger(self, question: str, language: Language) -> Answer:
        """The answer to somebody who is in danger: whom to call."""
        contact = self._emergency_contact
        told = say(language, "danger_contact", contact=contact) if contact else say(language, "danger_no_contact")
        return self.fixed(question, "danger", language, contact=told)

    @cached_property
    def _stamp(self) -> Stamp:
        info = self._corpus.info
        return Stamp(info.symbol, info.date, self._corpus.source_sha256, None)

    def _answer(self, question: str, draft: Draft, u: Understanding) -> Answer:
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
            checks=("citations", "quotes", "levels", "figures and names") if self._verifies else (),
            model=draft.helped,
        )
        return Answer(
            question=question,
            language=draft.language,
            status=draft.status,
            blocks=_once(draft.blocks),
            citations=tuple(draft.citations),
            stamp=replace(self._stamp, index_id=self._index.id),
            cells=tuple(draft.cells),
            suggestions=tuple(draft.suggestions) or suggestions(draft, u),
            choices=tuple(draft.choices),
            notice=draft.notice,
            nearest=tuple(draft.nearest),
            trace=trace,
        )

    def _nothing_left(self, answer: Answer) -> Answer:
        """Every piece failed verification: the honest reply is that nothing can be shown."""
        text = say(
            answer.language,
            "not_in_document",
            no=NOT_IN_DOCUMENT[answer.language],
            missing="",
            symbol=self._corpus.info.symbol,
        )
        return replace(answer, status="not_in_document", blocks=(Paragraph(text, template=True),), citations=())


def _once(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks without those that say again what was said: two parts of a message may."""
    listed = {item.text for b in blocks if isinstance(b, Bullets) for item in b.items}
    return tuple(b for b in dict.fromkeys(blocks) if not (isinstance(b, Paragraph) and b.text in listed))
