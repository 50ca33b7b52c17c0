"""Logging of the terminal commands: into a file of the data folder, never onto the user's screen."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from assistant.settings import Settings

LOG_FILE = "mcof.log"
_MAX_BYTES = 1_000_000


class _QuietFileHandler(RotatingFileHandler):
    """A log file that is created with its first line, and never disturbs anybody when it cannot be."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)
        except OSError:
            pass

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is told by the command that needs it, not by the log."""


def log_to_file(settings: Settings) -> None:
    """Send the log to ``mcof.log`` in the data folder (and nowhere else); effective settings at level INFO."""
    handler = _QuietFileHandler(
        settings.data_dir / LOG_FILE, maxBytes=_MAX_BYTES, backupCount=2, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    stop_logging()
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    logging.getLogger(__name__).info("settings: %s", settings.effective())


def stop_logging() -> None:
    """Close the log file, if one is open."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _QuietFileHandler)]:
        root.removeHandler(handler)
        handler.close()


def log_in_use() -> Path:
    """Path of the log file; where none was set up yet, one in the default data folder is."""
    root = logging.getLogger()
    if not any(isinstance(h, _QuietFileHandler) for h in root.handlers):
        log_to_file(Settings.model_construct())
    return next(Path(h.baseFilename) for h in root.handlers if isinstance(h, _QuietFileHandler))
