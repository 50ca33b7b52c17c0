"""From the text a model writes to sentences in a typed form. Whatever it writes is read without an exception."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.verify import Finding

#: Objects nested deeper than this are no sentences.
_DEPTH = 4


class Sentence(BaseModel):
    """A sentence of the model with the numbers of the passages it rests on, and quotes of them."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    citations: Annotated[list[int], Field(max_length=12)] = Field(default_factory=list)
    quotes: Annotated[list[str], Field(max_length=12)] = Field(default_factory=list)


#: The form of a reply, for providers that can be held to one.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "citations": {"type": "array", "items": {"type": "integer"}},
                    "quotes": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "citations", "quotes"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}


class ReplyReader:
    """Takes the pieces of a reply as they arrive and gives each sentence as soon as it is whole.

    Text around the JSON (a fence, a courtesy) is passed over. ``findings`` tells
    what could not be read.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._text = ""
        self._at = 0
        self._open: list[int] = []
        self._in_string = self._escaped = False
        self._sentences = 0
        self._whole = False

    def feed(self, piece: str) -> list[Sentence]:
        """The sentences that ``piece`` completes."""
        self._text += piece
        found: list[Sentence] = []
        for i in range(self._at, len(self._text)):
            c = self._text[i]
            if self._in_string:
                if self._escaped:
                    self._escaped = False
                elif c == "\\":
                    self._escaped = True
                elif c == '"':
                    self._in_string = False
            elif c == '"' and self._open:
                self._in_string = True
            elif c == "{":
                self._open.append(i)
            elif c == "}" and self._open:
                start = self._open.pop()
                if len(self._open) < _DEPTH:
                    sentence = self._read(self._text[start : i + 1])
                    found += [sentence] if sentence else []
        self._at = len(self._text)
        return found

    def _read(self, text: str) -> Sentence | None:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or isinstance(value.get("sentences"), list):
            self._whole = self._whole or (isinstance(value, dict) and not self._open)
            return None
        try:
            sentence = Sentence.model_validate(value)
        except ValidationError:
            self.findings.append(Finding("wrong_form", text[:200]))
            return None
        self._sentences += 1
        return sentence

    def end(self) -> list[Finding]:
        """What is wrong with the reply as a whole, now that nothing more comes."""
        if not self._text.strip():
            return [Finding("empty_reply", "")]
        if not self._sentences and self._whole:
            return [*self.findings, Finding("empty_reply", "")]
        if not self._whole and (self._open or not self._sentences):
            return [*self.findings, Finding("broken_json", self._text[-200:])]
        return self.findings


def read_all(text: str) -> tuple[list[Sentence], list[Finding]]:
    """The sentences of a whole reply, and what could not be read."""
    reader = ReplyReader()
    return reader.feed(text), reader.end()
