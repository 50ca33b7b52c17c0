"""A server on loopback that speaks the protocol of a service of language models, and fails as it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.assistant.llm.protocols import OPENAI, Refusal, Service

Fault = Literal["", "401", "404", "429", "500", "silence", "trickle", "cut", "no_schema", "garbage", "empty"]


@dataclass
class ChatServer:
    """``reply`` is streamed in small pieces; ``fault`` is what goes wrong, from the second request on ``then``.

    ``refused`` are the requests that the service would not have taken.
    """

    url: str = ""
    reply: str = ""
    fault: Fault = ""
    then: Fault | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def chat_server(
    reply: str, fault: Fault = "", then: Fault | None = None, service: Service = OPENAI, retry_after: float = 0
) -> Iterator[ChatServer]:
    state = ChatServer(reply=reply, fault=fault, then=then)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            try:
                self._answer()
            except OSError:
                pass  # the client has gone

        def _answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append(body)
            state.keys.append(service.key(headers))
            fault = state.fault if len(state.requests) == 1 or state.then is None else state.then
            if fault in ("401", "404", "429", "500"):
                self._refuse(Refusal(int(fault), f"bad key {state.keys[-1]}"))
                return
            if fault == "no_schema" and ("response_format" in body or "format" in body):
                self._refuse(Refusal(400, "no schema here"))
                return
            if fault == "silence":
                state.stop.wait(30)
                return
            refusal = service.refuses(self.path, headers, body)
            if refusal is not None:
                state.refused.append(refusal)
                self._refuse(refusal)
            elif not body.get("stream", service.stream_type == "application/x-ndjson"):
                self._whole(200, service.whole(state.reply))
            else:
                self._stream(fault)

        def _refuse(self, refusal: Refusal) -> None:
            self._whole(refusal.status, service.error(refusal))

        def _whole(self, status: int, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            if status == 429 and retry_after:
                self.send_header("retry-after", str(retry_after))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, fault: Fault) -> None:
            self.send_response(200)
            self.send_header("content-type", service.stream_type)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            pieces = list(service.pieces(state.reply))
            for n, piece in enumerate(pieces):
                if fault == "cut" and n > 0.75 * len(pieces):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if fault == "trickle" and state.stop.wait(0.2):
                    return
                if fault == "garbage" and n == len(pieces) - 2:
                    self._chunk(b"data: {this is no JSON\n\n")
                self._chunk(piece)
            self._chunk(b"")

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients hang up; that is what is tested

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}{service.base}"
    try:
        yield state
    finally:
        state.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
