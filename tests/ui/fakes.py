"""A small assistant over the real document: fixed answers of every status, hostile texts, faults on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.answer import (
    Answer,
    Bullets,
    Citation,
    Paragraph,
    Quote,
    RankedPassage,
    RatingRow,
    RatingTable,
    Stamp,
    Status,
    Trace,
    Turn,
)
from corpus.errors import IndexDamagedError
from corpus.load import Corpus, load_corpus
from corpus.types import Language
from ui.web.settings import WebSettings

HOSTILE = (
    '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> **bold** '
    "[link](javascript:alert(1)) {{7*7}} ${1+1}"
)


def cite(corpus: Corpus, number: int, ref: str, quote: str | None = None) -> Citation:
    passage = corpus.by_ref[ref]
    quote = quote or passage.text[:160]
    span = passage.find(quote)
    assert span is not None, (ref, quote)
    start, end = span
    return Citation(
        number, ref, quote, start, end, passage.source_spans(start, end), passage.anchor, passage.heading_path
    )


class FakeAssistant:
    """Answers by keyword. ``asked`` records every question with its history."""

    def __init__(self, corpus: Corpus | None = None, *, index_id: str = "fake-index-0001") -> None:
        self.corpus = corpus or load_corpus()
        self.index_id = index_id
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.release = threading.Event()

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        low = question.lower()
        if "slowly" in low:
            self.release.wait(20)
        if "pause" in low:
            time.sleep(2)
        if "bug" in low:
            raise RuntimeError(f"secret of {question}")
        if "emptied index" in low:
            raise IndexDamagedError("The index holds no passage.")
        if "hostile" in low or "<script" in low:
            return self._answer(
                question,
                "grounded",
                (
                    Paragraph(HOSTILE, (1,)),
                    Quote(self.corpus.by_ref["¶3"].text[:60], 1),
                    Bullets((Paragraph(HOSTILE, (1,)),)),
                ),
                [("¶3", None)],
                suggestions=(HOSTILE,),
                notice=HOSTILE,
            )
        if "per diem" in low or "indemnité" in low or "viáticos" in low:
            text = Paragraph("The document does not say this.", (), template=True)
            return self._answer(question, "not_in_document", (text,), [], nearest=[("¶22", None), ("¶24", None)])
        if "capital of" in low:
            return self._answer(
                question, "out_of_scope", (Paragraph("This is not about the document.", (), template=True),), []
            )
        if "which?" in low:
            return self._answer(
                question,
                "needs_clarification",
                (Paragraph("Which crisis do you mean?", (), template=True),),
                [],
                choices=("What is critical during a health crisis?", "What is critical during a protracted crisis?"),
            )
        if "critical" in low or "critique" in low or "crítico" in low:
            return self._ratings(question)
        if "after" in low:
            return self._answer(
                question,
                "grounded",
                (Paragraph("After it, the response resembles the one before.", (1,)),),
                [("Annex I ¶34", None)],
            )
        return self._answer(
            question,
            "grounded",
            (
                Paragraph(
                    "A migration crisis describes complex and often large-scale migration flows caused by a crisis.",
                    (1,),
                ),
                Quote(self.corpus.by_ref["¶3"].text[74:200], 1),
                Paragraph("It applies to all types of movement.", (2,)),
            ),
            [("¶3", self.corpus.by_ref["¶3"].text[74:200]), ("¶6", None)],
            suggestions=("What is critical during a health crisis?", "And after?"),
        )

    def _ratings(self, question: str) -> Answer:
        cells = [self.corpus.matrix.cell("health", "during", n) for n in (4, 2, 13, 11)]
        cites, rows = [], []
        for number, cell in enumerate(cells, 1):
            row = cell.evidence[0]
            cites.append((row.ref, row.quote))
            rows.append(
                RatingRow(
                    cell.crisis,
                    cell.phase,
                    cell.sector_no,
                    self.corpus.sector(cell.sector_no).name,
                    cell.level,
                    cell.basis,
                    row.word,
                    row.condition,
                    row.note,
                    (number,),
                    f"{cell.sector_no}: {cell.level}",
                )
            )
        return self._answer(
            question,
            "grounded",
            (
                Paragraph("During a health crisis, health support is critical.", (1,)),
                RatingTable("Ratings", tuple(rows)),
                Paragraph("Ratings are general illustrations; their application depends on the context.", ()),
            ),
            cites,
            suggestions=("And after?",),
            cells=tuple(c.key for c in cells),
        )

    def _answer(
        self,
        question: str,
        status: Status,
        blocks: tuple[object, ...],
        cites: list[tuple[str, str | None]],
        *,
        suggestions: tuple[str, ...] = (),
        choices: tuple[str, ...] = (),
        notice: str = "",
        nearest: Sequence[tuple[str, str | None]] = (),
        cells: tuple[tuple[str, str, int], ...] = (),
    ) -> Answer:
        language: Language = "fr" if "é" in question else "en"
        return Answer(
            question=question,
            language=language,
            status=status,
            blocks=blocks,  # type: ignore[arg-type]
            citations=tuple(cite(self.corpus, n, r, q) for n, (r, q) in enumerate(cites, 1)),
            stamp=Stamp(self.corpus.info.symbol, self.corpus.info.date, self.corpus.source_sha256, self.index_id),
            suggestions=suggestions,
            choices=choices,
            notice=notice,
            nearest=tuple(cite(self.corpus, n, r, q) for n, (r, q) in enumerate(nearest, 1)),
            trace=Trace(
                understood={"crisis": ["health"], "phase": ["during"], "kind": "list"},
                route="matrix",
                cells=cells,
                ranked=(RankedPassage("¶3", 0.91, 0.8, 0.4, "chunk"),),
                checks=("every quote verbatim", "every level equals the matrix"),
            ),
        )


def web_settings(folder: Path, **values: Any) -> WebSettings:
    return WebSettings(**({"data_dir": folder, "log_level": "INFO"} | values))


if __name__ == "__main__":
    import os
    import tempfile

    from ui.web.serve import serve

    serve(web_settings(Path(tempfile.mkdtemp()), port=int(os.environ.get("PAGE_PORT", "7999"))), FakeAssistant())
