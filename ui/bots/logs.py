"""Structured log lines: one JSON object a line, with ids and milliseconds, never the text of a question."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import time

#: Libraries that write payloads, and so questions and tokens, at debug and sometimes at info.
CHATTY = (
    "slack_bolt",
    "slack_sdk",
    "nio",
    "aiohttp",
    "microsoft_agents",
    "msal",
    "urllib3",
    "peewee",
    "sqlalchemy",
    "azure",
)


def event(logger: logging.Logger, what: str, level: int = logging.INFO, **fields: object) -> None:
    """Log ``what`` with its fields; values are numbers, short codes or ``ident`` of an id."""
    logger.log(level, what, extra={"fields": fields})


def ident(value: str) -> str:
    """A short stable stand-in for an id of a network, so that lines about one event can be found."""
    return hashlib.sha256(value.encode()).hexdigest()[:10]


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; a traceback is kept, its exception's message is not a question's text."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str = "INFO") -> None:
    """Log to standard error in JSON; libraries that log payloads only from warnings upward."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ui.bots").setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
