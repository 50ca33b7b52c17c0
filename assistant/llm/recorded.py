"""Recorded conversations: what a model was sent and what it replied, so that the whole path can run again offline.

A file has one JSON object a line: ``messages`` (role and text), ``pieces`` (the
reply as it arrived), ``tokens`` (read and written), and ``failure`` where the
call failed. Keys and headers never come this far; whatever looks like a key in
a text is masked all the same.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.llm.client import Streams, failure_of, text_of
from corpus.errors import ChatModelError

_KEY = re.compile(r"\b(?:sk|pk|key|ghp|xox[a-z]|AKIA)[-_][A-Za-z0-9_-]{8,}|\bBearer\s+\S+|\b[A-Fa-f0-9]{32,}\b")
_BOUND = re.compile(r"<<(?:data|end) [0-9a-f]+>>")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a replayed reply, in the form of a message chunk."""

    content: str
    usage_metadata: Mapping[str, int] = field(default_factory=dict)


def without_keys(text: str) -> str:
    """The text with everything that looks like a key masked; the bounds of the data, which are no keys, stay."""
    kept = _BOUND.findall(text)
    masked = _KEY.sub("[key]", _BOUND.sub("\0", text))
    for bound in kept:
        masked = masked.replace("\0", bound, 1)
    return masked


class Recording:
    """A chat model whose conversations are added to a file, each when it ends."""

    def __init__(self, model: Streams, path: Path) -> None:
        self._model = model
        self._path = path
        self._lock = threading.Lock()

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401 - LangChain's own signature
        pieces: list[str] = []
        tokens = [0, 0]
        failure = ""
        try:
            for chunk in self._model.stream(input, config, **kwargs):
                pieces.append(text_of(chunk))
                usage = getattr(chunk, "usage_metadata", None) or {}
                tokens = [tokens[0] + usage.get("input_tokens", 0), tokens[1] + usage.get("output_tokens", 0)]
                yield chunk
        except Exception as error:
            failure = failure_of(error, "".join(pieces)).kind
            raise
        finally:
            self._write(input, pieces, tokens, failure)

    def _write(self, messages: Any, pieces: list[str], tokens: list[int], failure: str) -> None:  # noqa: ANN401
        row: dict[str, Any] = {
            "messages": [[role, without_keys(text)] for role, text in messages],
            "pieces": [without_keys(p) for p in pieces],
            "tokens": tokens,
        }
        if failure:
            row["failure"] = failure
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


class Replay:
    """A chat model that gives the recorded reply to a recorded request, and fails on any other.

    A request that was recorded several times gets its replies in order, the last again and again.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ChatModelError: it cannot be read.
        """
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._rows.setdefault(_key(row["messages"]), []).append(row)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ChatModelError("not_set_up", f"the recording {path.name!r} cannot be read") from error

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Piece]:  # noqa: ANN401 - LangChain's own signature
        with self._lock:
            rows = self._rows.get(_key([[role, without_keys(text)] for role, text in input]))
            if not rows:
                raise ChatModelError("not_recorded", "this request is not in the recording")
            row = rows.pop(0) if len(rows) > 1 else rows[0]
        for piece in row["pieces"]:
            yield Piece(piece)
        if row.get("failure"):
            raise ChatModelError(row["failure"], "it failed when it was recorded")
        read, written = row["tokens"]
        yield Piece("", {"input_tokens": read, "output_tokens": written})


def _key(messages: object) -> str:
    return json.dumps(messages, ensure_ascii=False)
