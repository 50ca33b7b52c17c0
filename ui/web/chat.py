"""The conversation: from a question to what the page shows, block by block; and the same for programs."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from assistant.answer import Answer, Citation, RatingTable, Turn
from corpus.errors import AssistantError, InputError
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import CRISES, PHASES, SECTOR_NUMBERS
from ui.i18n import Texts
from ui.render import answer_html, document_href
from ui.web.metrics import Metrics

logger = logging.getLogger(__name__)

#: Longest text of one earlier message that is taken over; longer ones are cut.
MAX_TURN_CHARS = 8_000

Payload = dict[str, Any]


class AssistantLike(Protocol):
    """What the page needs of an assistant."""

    @property
    def corpus(self) -> Corpus: ...

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...


class Chat:
    """Answers for one running page: limits, errors as sentences, metrics and log around ``Assistant.ask``."""

    def __init__(
        self,
        assistant: AssistantLike,
        metrics: Metrics,
        *,
        max_chars: int = 2000,
        max_turns: int = 20,
        log_questions: bool = False,
    ) -> None:
        self.assistant = assistant
        self.metrics = metrics
        self.max_chars = max_chars
        self.max_turns = max_turns
        self._log_questions = log_questions

    @property
    def corpus(self) -> Corpus:
        return self.assistant.corpus

    def answer(self, question: str, history: Sequence[Turn] = (), *, surface: str, t: Texts) -> Answer:
        """The assistant's answer, counted and logged.

        Raises:
            AssistantError: one sentence for the person who asked; anything unforeseen
                becomes one too, with a reference to the log.
        """
        *_, answer = self.answers(question, history, surface=surface, t=t)
        return answer

    def answers(self, question: str, history: Sequence[Turn] = (), *, surface: str, t: Texts) -> Iterator[Answer]:
        """As ``answer``, while it grows; only the last value is complete.

        Without a language model there is one value, the whole answer.
        """
        question = question.strip()
        if not question:
            raise InputError(t("error_empty"))
        if len(question) > self.max_chars:
            self.metrics.errors.labels(surface, "length").inc()
            raise InputError(t("too_long", count=len(question), limit=self.max_chars))
        started = time.perf_counter()
        extra = {"question": question} if self._log_questions else {}
        try:
            kept = tuple(history)[-self.max_turns :] if self.max_turns else ()
            if getattr(self.assistant, "chat", None) is None:
                answer = self.assistant.ask(question, kept)
            else:
                for answer in self.assistant.stream(question, kept):  # type: ignore[attr-defined]
                    if not answer.complete:
                        yield answer
        except AssistantError as error:
            self.metrics.errors.labels(surface, type(error).__name__).inc()
            logger.warning("no answer", extra={"surface": surface, "kind": type(error).__name__} | extra)
            raise
        except Exception as error:
            reference = secrets.token_hex(4)
            self.metrics.errors.labels(surface, "bug").inc()
            logger.exception("bug", extra={"surface": surface, "reference": reference} | extra)
            raise AssistantError(t("error_bug", reference=reference)) from error
        seconds = time.perf_counter() - started
        self.metrics.answers.labels(surface, answer.status).inc()
        self.metrics.seconds.observe(seconds)
        self.metrics.model.answer(answer.trace.model)
        logger.info(
            "answer",
            extra={
                "surface": surface, "status": answer.status, "language": answer.language, "chars": len(question),
                "citations": len(answer.citations), "ms": round(seconds * 1000, 1),
            } | extra,
        )  # fmt: skip
        yield answer

    def stream(self, question: str, history: Sequence[Turn], key: str, t: Texts) -> Iterator[Payload]:
        """What the page shows of an answer, growing block by block; an error is a payload too."""
        shown = 0
        try:
            for answer in self.answers(question, history, surface="page", t=t):
                payload, late = _payload(answer, self.corpus, t, key)
                blocks = payload["blocks"]
                for size in range(shown + 1, len(blocks) + (not answer.complete)):
                    yield {**payload, "done": False, "blocks": blocks[:size]}
                shown = len(blocks)
                if answer.complete:
                    yield {**payload, **late, "done": True}
        except AssistantError as error:
            yield {"id": key, "done": True, "error": str(error), "lang": t.language}

    def replay(self, questions: Sequence[str], t: Texts, *, surface: str) -> list[Answer]:
        """The answers of a conversation, computed anew in order; one that failed is left out of the history."""
        history: list[Turn] = []
        answers = []
        for question in questions:
            answer = self.answer(question, history, surface=surface, t=t)
            history += [Turn("user", question), Turn("assistant", answer.text)]
            answers.append(answer)
        return answers


def _payload(answer: Answer, corpus: Corpus, t: Texts, key: str) -> tuple[Payload, Payload]:
    """What the page shows of an answer at once, and what only when it is complete."""
    parts = asdict(answer_html(answer, corpus, t, key))
    late = {k: parts.pop(k) for k in ("sources", "evidence", "choices", "suggestions", "how", "text")}
    head = {
        "id": key, "status": parts["status"], "status_text": parts["status_text"], "notice": parts["notice"],
        "stamp": parts["stamp"], "lang": parts["language"], "version": version_of(answer), "blocks": list(parts["blocks"]),
    }  # fmt: skip
    late |= {"choices": list(late["choices"]), "suggestions": list(late["suggestions"])}
    return head, late | {"refs": [c.ref for c in answer.citations]}


def version_of(answer: Answer) -> dict[str, str]:
    return {
        "symbol": answer.stamp.symbol,
        "text": answer.stamp.text_sha256[:12],
        "index": (answer.stamp.index_id or "")[:12],
    }


def read_history(value: object) -> list[Turn]:
    """Turns from what a browser or program sent; entries of another form are left out, long texts cut.

    Each entry is ``{"role": "user"|"assistant", "text": ...}``; ``content`` is taken for ``text`` too.
    """
    turns: list[Turn] = []
    for entry in value if isinstance(value, list) else []:
        if not isinstance(entry, Mapping):
            continue
        role, text = entry.get("role"), entry.get("text", entry.get("content"))
        if role in ("user", "assistant") and isinstance(text, str):
            turns.append(Turn(role, text[:MAX_TURN_CHARS]))
    return turns


# --- for programs ---------------------------------------------------------------------------


def _citation(c: Citation) -> Payload:
    return {
        "number": c.number, "ref": c.ref, "quote": c.quote, "heading_path": list(c.heading_path),
        "link": document_href(c.anchor), "source_spans": [list(s) for s in c.source_spans],
    }  # fmt: skip


def answer_json(answer: Answer) -> Payload:
    """An answer as JSON: text with ``[1]`` markers, citations with verbatim quotes, ratings, stamp."""
    rows = [row for block in answer.blocks if isinstance(block, RatingTable) for row in block.rows]
    return {
        "question": answer.question,
        "language": answer.language,
        "status": answer.status,
        "text": answer.text,
        "notice": answer.notice,
        "citations": [_citation(c) for c in answer.citations],
        "ratings": [
            {
                "crisis": r.crisis, "phase": r.phase, "sector": r.sector_no, "level": r.level, "basis": r.basis,
                "word": r.word, "condition": r.condition, "note": r.note, "citations": list(r.citations),
            }
            for r in rows
        ],
        "nearest": [_citation(c) for c in answer.nearest],
        "choices": list(answer.choices),
        "suggestions": list(answer.suggestions),
        "stamp": asdict(answer.stamp),
    }  # fmt: skip


def cell_json(cell: Cell, corpus: Corpus) -> Payload:
    """A cell of the matrix as JSON: level, basis, and every piece of evidence with its quote and label."""
    return {
        "crisis": cell.crisis,
        "phase": cell.phase,
        "sector": cell.sector_no,
        "sector_name": corpus.sector(cell.sector_no).name,
        "level": cell.level,
        "basis": cell.basis,
        "conflict": cell.conflict,
        "diagram": asdict(cell.diagram) if cell.diagram else None,
        "evidence": [
            {
                "basis": e.basis, "level": e.level, "word": e.word, "ref": e.ref, "quote": e.quote,
                "condition": e.condition, "note": e.note, "link": document_href(corpus.by_ref[e.ref].anchor),
            }
            for e in cell.evidence
        ],
    }  # fmt: skip


def lookup(corpus: Corpus, crisis: str, phase: str, sector: int) -> list[Cell]:
    """Cells by key; an empty key or sector 0 means all.

    Raises:
        InputError: a value is outside the vocabulary; the sentence names what is known.
    """
    if not corpus.has_matrix:
        raise InputError("This document has no matrix.")
    if crisis and crisis not in CRISES:
        raise InputError(f"Unknown crisis {crisis[:40]!r}; known are {', '.join(CRISES)}.")
    if phase and phase not in PHASES:
        raise InputError(f"Unknown phase {phase[:40]!r}; known are {', '.join(PHASES)}.")
    if sector and sector not in SECTOR_NUMBERS:
        raise InputError(f"Unknown sector {sector}; known are 1 to {len(SECTOR_NUMBERS)}.")
    return [
        cell
        for cell in corpus.matrix.cells
        if crisis in ("", cell.crisis) and phase in ("", cell.phase) and sector in (0, cell.sector_no)
    ]
