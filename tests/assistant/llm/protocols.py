"""How four services of language models are spoken to over HTTP: what they refuse, and what they answer.

Written after the services' own descriptions of their interfaces. Each is as
strict as the service: a wrong path, a missing header, an unknown or malformed
field is refused with the status and the form of error that the service has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

#: Tokens that every service says it has read and written.
READ, WRITTEN = 11, 7
#: The key that is right, and the name of the only model.
KEY, MODEL = "sk-very-secret-0123456789", "some-model"
#: Characters of one piece of a streamed reply.
_PIECE = 24

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A status and the text of the error."""

    status: int
    why: str


class Service(Protocol):
    """One service: ``setting`` and ``base`` are what an operator configures, ``stream_type`` is a streamed reply's type."""

    setting: str
    base: str
    stream_type: str

    def key(self, headers: Mapping[str, str]) -> str: ...

    def refuses(self, target: str, headers: Mapping[str, str], body: Body) -> Refusal | None: ...

    def error(self, refusal: Refusal) -> object: ...

    def whole(self, reply: str) -> object: ...

    def pieces(self, reply: str) -> Iterator[bytes]: ...


def _parts(reply: str) -> list[str]:
    return [reply[i : i + _PIECE] for i in range(0, len(reply), _PIECE)]


def _wrong_messages(body: Body, roles: tuple[str, ...]) -> str:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages: a list is required"
    for message in messages:
        if message.get("role") not in roles or not isinstance(message.get("content"), str) or not message["content"]:
            return f"messages: {message.get('role')} is no message"
    return ""


def _unknown(body: Body, known: str) -> str:
    strange = sorted(set(body) - set(known.split()))
    return f"unrecognized request argument: {strange[0]}" if strange else ""


@dataclass(frozen=True)
class OpenAI:
    """https://platform.openai.com/docs/api-reference/chat."""

    setting: str = f"openai:{MODEL}"
    base: str = "/v1"
    stream_type: str = "text/event-stream"

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def refuses(self, target: str, headers: Mapping[str, str], body: Body) -> Refusal | None:
        if target != "/v1/chat/completions":
            return Refusal(404, f"Invalid URL (POST {target})")
        if self.key(headers) != KEY:
            return Refusal(401, f"Incorrect API key provided: {self.key(headers)}")
        if body.get("model") != MODEL:
            return Refusal(404, f"The model {body.get('model')} does not exist")
        return _wrong_completion(body)

    def error(self, refusal: Refusal) -> object:
        return {"error": {"message": refusal.why, "type": "invalid_request_error", "param": None, "code": None}}

    def whole(self, reply: str) -> object:
        choice = {"index": 0, "message": {"role": "assistant", "content": reply}, "finish_reason": "stop"}
        usage = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
        return {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [choice],
            "usage": usage,
        }

    def pieces(self, reply: str) -> Iterator[bytes]:
        for part in _parts(reply):
            delta = {"role": "assistant", "content": part}
            yield self._event(choices=[{"index": 0, "delta": delta, "finish_reason": None}])
        yield self._event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        usage = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
        yield self._event(choices=[], usage=usage)
        yield b"data: [DONE]\n\n"

    @staticmethod
    def _event(**values: object) -> bytes:
        whole = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL} | values
        return b"data: " + json.dumps(whole).encode() + b"\n\n"


def _wrong_completion(body: Body) -> Refusal | None:
    known = "model messages stream stream_options temperature max_tokens max_completion_tokens response_format n stop top_p seed user"
    wrong = _unknown(body, known) or _wrong_messages(body, ("system", "user", "assistant"))
    if not wrong and "max_tokens" in body and "max_completion_tokens" in body:
        wrong = "max_tokens and max_completion_tokens cannot both be set"
    if not wrong and "stream_options" in body and not body.get("stream"):
        wrong = "stream_options is only allowed when stream is enabled"
    if not wrong and not 0 <= body.get("temperature", 1) <= 2:
        wrong = "temperature: 0 to 2"
    form = body.get("response_format")
    if not wrong and form is not None:
        schema = form.get("json_schema", {})
        named = re.fullmatch(r"[\w-]{1,64}", str(schema.get("name", ""))) and isinstance(schema.get("schema"), dict)
        if form.get("type") != "json_schema" or not named:
            wrong = "response_format: name and schema are required"
    return Refusal(400, wrong) if wrong else None


@dataclass(frozen=True)
class Azure(OpenAI):
    """https://learn.microsoft.com/azure/ai-services/openai/reference: the deployment and a version are in the address."""

    setting: str = f"azure_openai:{MODEL}"
    base: str = ""

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("api-key", "")

    def refuses(self, target: str, headers: Mapping[str, str], body: Body) -> Refusal | None:
        address = urlsplit(target)
        version = parse_qs(address.query).get("api-version", [""])[0]
        found = re.fullmatch(r"/openai/deployments/([^/]+)/chat/completions", address.path)
        if found is None or not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", version):
            return Refusal(404, "Resource not found")
        if self.key(headers) != KEY:
            return Refusal(401, "Access denied due to invalid subscription key or wrong API endpoint.")
        if found.group(1) != MODEL:
            return Refusal(404, "The API deployment for this resource does not exist.")
        return _wrong_completion(body)

    def error(self, refusal: Refusal) -> object:
        return {"error": {"code": str(refusal.status), "message": refusal.why}}

    def pieces(self, reply: str) -> Iterator[bytes]:
        # the first event has no choice, only what the content filter found in the request
        safe = {"hate": {"filtered": False, "severity": "safe"}}
        found = [{"prompt_index": 0, "content_filter_results": safe}]
        yield self._event(id="", object="", created=0, model="", choices=[], prompt_filter_results=found)
        yield from super().pieces(reply)


@dataclass(frozen=True)
class Anthropic:
    """https://docs.anthropic.com/en/api/messages."""

    setting: str = f"anthropic:{MODEL}"
    base: str = ""
    stream_type: str = "text/event-stream"

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")

    def refuses(self, target: str, headers: Mapping[str, str], body: Body) -> Refusal | None:
        if target != "/v1/messages":
            return Refusal(404, "Not found")
        if self.key(headers) != KEY:
            return Refusal(401, "invalid x-api-key")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", headers.get("anthropic-version", "")):
            return Refusal(400, "anthropic-version: header is required")
        known = "model messages system max_tokens temperature stream stop_sequences top_k top_p metadata"
        wrong = _unknown(body, known) or _wrong_messages(body, ("user", "assistant"))
        if not wrong and body["messages"][0]["role"] != "user":
            wrong = "messages: the first must be the user's"
        if not wrong and not (isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0):
            wrong = "max_tokens: Field required"
        if not wrong and not 0 <= body.get("temperature", 1) <= 1:
            wrong = "temperature: range: 0..1"
        if wrong:
            return Refusal(400, wrong)
        return None if body.get("model") == MODEL else Refusal(404, f"model: {body.get('model')}")

    def error(self, refusal: Refusal) -> object:
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 500: "api_error"}
        kind = kinds.get(refusal.status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.why}, "request_id": "req_x"}

    def _message(self, **values: object) -> dict[str, object]:
        start = {"id": "msg_x", "type": "message", "role": "assistant", "model": MODEL, "stop_sequence": None}
        return start | values

    def whole(self, reply: str) -> object:
        usage = {"input_tokens": READ, "output_tokens": WRITTEN}
        content = [{"type": "text", "text": reply}]
        return self._message(content=content, stop_reason="end_turn", usage=usage)

    def pieces(self, reply: str) -> Iterator[bytes]:
        usage = {"input_tokens": READ, "output_tokens": 1}
        yield self._event("message_start", message=self._message(content=[], stop_reason=None, usage=usage))
        yield self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield self._event("ping")
        for part in _parts(reply):
            yield self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": part})
        yield self._event("content_block_stop", index=0)
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield self._event("message_delta", delta=delta, usage={"input_tokens": READ, "output_tokens": WRITTEN})
        yield self._event("message_stop")

    @staticmethod
    def _event(kind: str, **values: object) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **values})}\n\n".encode()


@dataclass(frozen=True)
class Ollama:
    """https://github.com/ollama/ollama/blob/main/docs/api.md, behind a proxy that asks for a key."""

    setting: str = f"ollama:{MODEL}"
    base: str = ""
    stream_type: str = "application/x-ndjson"

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def refuses(self, target: str, headers: Mapping[str, str], body: Body) -> Refusal | None:
        if target != "/api/chat":
            return Refusal(404, "404 page not found")
        if self.key(headers) != KEY:
            return Refusal(401, "unauthorized")
        known = "model messages stream format options tools keep_alive think"
        wrong = _unknown(body, known) or _wrong_messages(body, ("system", "user", "assistant", "tool"))
        if not wrong and not (body.get("format", "json") == "json" or isinstance(body["format"], dict)):
            wrong = "invalid format: expected json or a JSON schema"
        strange = set(body.get("options", {})) - {
            "num_predict",
            "temperature",
            "num_ctx",
            "seed",
            "stop",
            "top_k",
            "top_p",
        }
        if wrong or strange:
            return Refusal(400, wrong or f"invalid option {strange}")
        return None if body.get("model") == MODEL else Refusal(404, f"model '{body.get('model')}' not found")

    def error(self, refusal: Refusal) -> object:
        return {"error": refusal.why}

    def _line(self, text: str, **values: object) -> dict[str, object]:
        start = {"model": MODEL, "created_at": "2026-11-27T10:00:00.000000Z"}
        return start | {"message": {"role": "assistant", "content": text}, "done": False} | values

    def _done(self, text: str) -> dict[str, object]:
        times = {"total_duration": 3, "load_duration": 1, "prompt_eval_duration": 1, "eval_duration": 1}
        return self._line(text, done=True, done_reason="stop", prompt_eval_count=READ, eval_count=WRITTEN, **times)

    def whole(self, reply: str) -> object:
        return self._done(reply)

    def pieces(self, reply: str) -> Iterator[bytes]:
        for part in _parts(reply):
            yield json.dumps(self._line(part)).encode() + b"\n"
        yield json.dumps(self._done("")).encode() + b"\n"


OPENAI = OpenAI()
SERVICES: tuple[Service, ...] = (OPENAI, Azure(), Anthropic(), Ollama())
