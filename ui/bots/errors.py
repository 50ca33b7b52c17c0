"""What can go wrong between a bot and its network.

AssistantError (corpus.errors)
└── BotError
    ├── SendError                 a message did not arrive, or may not have
    │   ├── ThrottledError        the network asks to wait; nothing was sent
    │   ├── RefusedError          the network said no; nothing was sent, another try is no use
    │   └── UncertainError        no answer came: it may have been sent
    ├── CannotLookError           this place cannot be searched for the bot's own reply
    └── LedgerSharedError         replicas on several hosts share one SQLite file
"""

from __future__ import annotations

from corpus.errors import AssistantError


class BotError(AssistantError):
    """Base of what goes wrong between a bot and its network."""


class SendError(BotError):
    """A message did not arrive, or may not have."""


class ThrottledError(SendError):
    """The network asks to wait ``retry_after`` seconds; nothing was sent."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"The network asks to wait {retry_after:g} seconds.")
        self.retry_after = retry_after


class RefusedError(SendError):
    """The network refused the message, with its own ``code``; another try is of no use."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The network refused the message ({code}).")
        self.code = code


class UncertainError(SendError):
    """No answer came back: the message may or may not have been delivered."""


class CannotLookError(BotError):
    """This place cannot be searched for the bot's own reply."""


class LedgerSharedError(BotError):
    """Replicas on several hosts share one SQLite file, whose locks do not reach across hosts."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "Another host uses this SQLite ledger, and its locks do not reach across hosts.",
            remedy="Set MCOF_BOT_DATABASE_URL to one PostgreSQL database for all of them.",
        )
