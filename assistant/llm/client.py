"""One call of a chat model: streamed, with a deadline, a budget, a few retries, and failures of a known kind.

A provider's own timeout restarts with every byte, so a slow trickle would never
end. Here the reply is read in a thread of its own and waited for until the
deadline; a call that is given up ends by itself when the provider's timeout does.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from corpus.errors import ChatModelError

logger = logging.getLogger(__name__)

#: System and user message, in that order: all that a model is ever sent.
Messages = Sequence[tuple[str, str]]
#: Characters of a token, generously: with the token budget it bounds what is read of a reply that never ends.
_CHARS_PER_TOKEN = 8
#: Seconds before the first retry; it doubles.
_BACKOFF = 0.4
#: Failures after which another attempt may succeed.
TRANSIENT = frozenset({"unreachable", "throttled", "server_error"})
#: Failures in a row after which the model is left alone for a while, and that while in seconds.
_TIRED, _PAUSE = 3, 30.0


class Streams(Protocol):
    """What is needed of a LangChain chat model."""

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]: ...  # noqa: ANN401 - LangChain's own signature


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a call: tokens written, calls at the same time, attempts after the first."""

    max_tokens: int = 700
    concurrency: int = 4
    retries: int = 1


class ChatClient:
    """Calls one chat model. Safe to share between threads.

    ``schema_options`` turns a JSON schema into the provider's option for
    structured output; it returns none where the provider has no such option.
    """

    def __init__(
        self,
        model: Streams,
        name: str,
        limits: Limits = Limits(),
        *,
        schema_options: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = lambda name, schema: {},
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.limits = limits
        self.clock = clock
        self._model = model
        self._schema_options = schema_options
        self._places = threading.BoundedSemaphore(limits.concurrency)
        self._failures = 0
        self._resume = 0.0

    def start(self, messages: Messages, deadline: float, schema: tuple[str, Mapping[str, Any]] | None = None) -> Call:
        """A call that has until ``deadline``, a time of ``clock``; it begins when it is iterated."""
        options = self._schema_options(*schema) if schema else {}
        return Call(self, list(messages), deadline, options)

    def note(self, failure: ChatModelError | None) -> None:
        """Count failures in a row, so that a model that is away does not cost every question its time limit."""
        if failure is None:
            self._failures = 0
            return
        if failure.kind in ("busy", "paused", "too_long"):
            return
        self._failures += 1
        if self._failures >= _TIRED:
            self._resume = self.clock() + _PAUSE

    def open(self, call: Call) -> queue.SimpleQueue[Any]:
        """Begin to read a reply in a thread; its pieces, then None or the exception that ended it."""
        if self.clock() < self._resume:
            raise ChatModelError("paused", "it failed several times in a row and is left alone for half a minute")
        if not self._places.acquire(timeout=max(0.0, min(2.0, call.left()))):
            raise ChatModelError("busy", "as many calls as allowed are under way")
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        reader = threading.Thread(target=self._read, args=(call, pieces), name="chat-model", daemon=True)
        reader.start()
        return pieces

    def _read(self, call: Call, pieces: queue.SimpleQueue[Any]) -> None:
        from langsmith.run_helpers import tracing_context

        try:
            # a LANGSMITH_... variable of another program must not send questions to a third party
            with tracing_context(enabled=False):
                for chunk in self._model.stream(call.messages, **call.options):
                    if call.given_up.is_set():
                        break
                    pieces.put(chunk)
            pieces.put(None)
        except BaseException as error:  # handed to whoever waits; a provider may raise anything
            pieces.put(error)
        finally:
            self._places.release()


class Call:
    """A reply while it arrives. Iterating gives its text piece by piece.

    ``tokens`` are those read and written, as the provider counts them; estimated
    from the characters where it does not say.
    """

    def __init__(
        self, client: ChatClient, messages: list[tuple[str, str]], deadline: float, options: Mapping[str, Any]
    ) -> None:
        self.messages = messages
        self.options = options
        self.given_up = threading.Event()
        self.text = ""
        self._client = client
        self._deadline = deadline
        self._counted = [0, 0]

    @property
    def tokens(self) -> tuple[int, int]:
        if any(self._counted) or not self.text:
            return self._counted[0], self._counted[1]
        return sum(len(t) for _, t in self.messages) // 4, len(self.text) // 4

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._client.clock()

    def close(self) -> None:
        """Stop reading."""
        self.given_up.set()

    def __iter__(self) -> Iterator[str]:
        """The text, piece by piece.

        Raises:
            ChatModelError: the model failed, fell silent or does not end; what had arrived was given before.
        """
        attempt = 0
        try:
            while True:
                try:
                    yield from self._once()
                    self._client.note(None)
                    return
                except ChatModelError as failure:
                    wait = max(_BACKOFF * 2**attempt, failure.retry_after)
                    again = failure.kind in TRANSIENT and not self.text and attempt < self._client.limits.retries
                    if failure.kind == "schema_refused" and self.options and not self.text:
                        self.options = {}
                        continue
                    if not again or wait >= self.left():
                        self._client.note(failure)
                        raise
                    attempt += 1
                    time.sleep(wait)
        finally:
            self.close()

    def _once(self) -> Iterator[str]:
        pieces = self._client.open(self)
        limit = self._client.limits.max_tokens * _CHARS_PER_TOKEN
        while True:
            try:
                chunk = pieces.get(timeout=max(0.0, self.left()))
            except queue.Empty:
                raise ChatModelError("silent", "it did not finish within the time limit") from None
            if chunk is None:
                return
            if isinstance(chunk, BaseException):
                raise failure_of(chunk, self.text, structured=bool(self.options)) from chunk
            usage = getattr(chunk, "usage_metadata", None)
            if usage:
                self._counted[0] += int(usage.get("input_tokens") or 0)
                self._counted[1] += int(usage.get("output_tokens") or 0)
            piece = text_of(chunk)
            if piece:
                self.text += piece
                if len(self.text) > limit:
                    self.close()
                    raise ChatModelError("too_long", "its reply did not end within the budget")
                yield piece


def text_of(chunk: object) -> str:
    """The text of a message chunk; blocks that are no text (reasoning, tool calls) are left out."""
    content = getattr(chunk, "content", "")
    if isinstance(content, str):
        return content
    parts = [b if isinstance(b, str) else b.get("text", "") for b in content if isinstance(b, str | Mapping)]
    return "".join(p for p in parts if isinstance(p, str))


def failure_of(error: BaseException, received: str = "", *, structured: bool = False) -> ChatModelError:
    """What went wrong, told from the status code or the kind of exception; never the provider's own words.

    Those may repeat the question or a part of the key.
    """
    if isinstance(error, ChatModelError):
        return error
    status, retry_after = None, 0.0
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 6:
        kinds.append(type(cause).__name__)
        response = getattr(cause, "response", None)
        found = getattr(cause, "status_code", None) or getattr(response, "status_code", None)
        if status is None and isinstance(found, int):
            status = found
        # some clients give the status with an error of their own, and the response only with its cause
        retry_after = retry_after or _seconds(getattr(response, "headers", {}))
        cause = cause.__cause__ or cause.__context__
    names = " ".join(kinds)
    if status in (401, 403):
        return ChatModelError("key_refused", "the key was refused")
    if status == 429:
        return ChatModelError("throttled", "it asks to be called less often", retry_after=retry_after)
    if status == 404:
        return ChatModelError("not_found", "no model of that name is at that address")
    if status in (400, 422):
        kind = "schema_refused" if structured else "request_refused"
        return ChatModelError(kind, "it refused the form of the request (400)")
    if status is not None and status >= 500:
        return ChatModelError("server_error", f"its server failed ({status})", retry_after=retry_after)
    if "Timeout" in names:
        return ChatModelError("silent", "it did not answer within the time limit")
    if received:
        return ChatModelError("cut_off", "the connection was cut in the middle of the reply")
    if "Connect" in names or "RemoteProtocol" in names or "APIConnection" in names:
        return ChatModelError("unreachable", "nothing answers at its address")
    return ChatModelError("failed", f"the call ended with {type(error).__name__}")


def _seconds(headers: Any) -> float:  # noqa: ANN401 - headers of any HTTP library
    try:
        return min(60.0, max(0.0, float(headers.get("retry-after") or 0)))
    except (AttributeError, TypeError, ValueError):
        return 0.0
