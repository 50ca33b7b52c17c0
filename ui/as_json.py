"""An answer or an error as JSON: a line of ``answers.jsonl`` (evaluation set format) with everything else beside it."""

from __future__ import annotations

import json
from typing import Any

from assistant.answer import Answer, Citation
from corpus.errors import AssistantError
from corpus.matrix import Cell


def answer_json(answer: Answer, *, identifier: str = "", ms: float = 0.0) -> dict[str, Any]:
    """``id, answer, status, citations, ms`` as the evaluation reads them, and the rest of the answer."""
    return {
        "id": identifier,
        "question": answer.question,
        "answer": answer.text,
        "status": answer.status,
        "citations": [_citation(c) for c in answer.citations],
        "ms": round(ms, 3),
        "language": answer.language,
        "cells": [_cell(c) for c in answer.cells],
        "nearest": [_citation(c) for c in answer.nearest],
        "choices": list(answer.choices),
        "suggestions": list(answer.suggestions),
        "notice": answer.notice,
        "stamp": {
            "symbol": answer.stamp.symbol,
            "date": answer.stamp.date,
            "text_sha256": answer.stamp.text_sha256,
            "index_id": answer.stamp.index_id,
        },
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "ref": citation.ref,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "source_spans": [list(span) for span in citation.source_spans],
        "anchor": citation.anchor,
        "heading_path": list(citation.heading_path),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "crisis": cell.crisis,
        "phase": cell.phase,
        "sector_no": cell.sector_no,
        "level": cell.level,
        "basis": cell.basis,
        "prose_level": cell.prose_level,
        "prose_basis": cell.prose_basis,
        "conflict": cell.conflict,
        "evidence": [
            {
                "basis": e.basis,
                "level": e.level,
                "word": e.word,
                "ref": e.ref,
                "quote": e.quote,
                "condition": e.condition,
                "note": e.note,
            }
            for e in cell.evidence
        ],
    }


def error_json(error: AssistantError | str, *, kind: str = "") -> dict[str, Any]:
    """An error as one object: its kind, one sentence, and the command that mends it where there is one."""
    if isinstance(error, AssistantError):
        return {"error": {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy}}
    return {"error": {"kind": kind, "message": error, "remedy": None}}


def dumps(value: Any, *, ascii_only: bool = False) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=ascii_only)
