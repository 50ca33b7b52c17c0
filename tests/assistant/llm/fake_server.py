"""A server on loopback that speaks the chat protocol of OpenAI, and fails as it is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["", "401", "404", "429", "500", "silence", "trickle", "cut", "no_schema", "garbage", "empty"]


@dataclass
class ChatServer:
    """``reply`` is streamed in small pieces; ``fault`` is what goes wrong, from the second request on ``then``."""

    url: str = ""
    reply: str = ""
    fault: Fault = ""
    then: Fault | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def chat_server(reply: str, fault: Fault = "", then: Fault | None = None) -> Iterator[ChatServer]:
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
            state.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            state.keys.append(self.headers.get("authorization", ""))
            fault = state.fault if len(state.requests) == 1 or state.then is None else state.then
            if fault in ("401", "404", "429", "500") or (
                fault == "no_schema" and "response_format" in state.requests[-1]
            ):
                body = json.dumps({"error": {"message": f"bad key {state.keys[-1]}", "type": "x"}}).encode()
                self.send_response(int(fault) if fault.isdigit() else 400)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            if fault == "silence":
                state.stop.wait(30)
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            pieces = [state.reply[i : i + 24] for i in range(0, len(state.reply), 24)]
            for n, piece in enumerate(pieces):
                if fault == "cut" and n > 0.75 * len(pieces):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if fault == "trickle":
                    if state.stop.wait(0.2):
                        return
                self._event(
                    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}]}
                )
            if fault == "garbage":
                self._chunk(b"data: {this is no JSON\n\n")
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self._event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}})
            self._chunk(b"data: [DONE]\n\n")
            self._chunk(b"")

        def _event(self, value: dict[str, Any]) -> None:
            whole = {"id": "x", "object": "chat.completion.chunk", "created": int(time.time()), "model": "m"} | value
            self._chunk(b"data: " + json.dumps(whole).encode() + b"\n\n")

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
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        state.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
