"""Everything that can go wrong, as one tree.

AssistantError                  one sentence for the user, and where it helps the command that mends it
├── InputError                  the question, an option or a file handed in is unusable       (exit status 2)
│   └── DatasetError            a line of an evaluation set or a run cannot be used
├── SetupError                  something that must be there before the first answer is not   (exit status 3)
│   ├── SettingsError           a setting is unknown, of the wrong type or out of bounds
│   ├── CorpusError             the corpus folder cannot be used
│   │   └── CorpusRowError      one row of one table is wrong
│   ├── ModelError              the embedding model is missing or not the expected one
│   ├── ChatModelError          the configured chat model cannot be set up or does not answer
│   ├── StorageError            a file cannot be read or written
│   └── IndexUnusableError      what 'mcof ingest' builds (index, exported model) cannot be used
│       ├── IndexMissingError   there is none
│       ├── IndexDamagedError   it is broken, emptied or half there
│       ├── IndexForeignError   it was built from another document, model or version
│       └── ServerUnreachableError  the Chroma server does not answer
└── CheckFailedError            a check that the user asked for did not pass                  (exit status 1)
"""

from __future__ import annotations

from pathlib import Path


class AssistantError(Exception):
    """Base of all errors meant for a person: one sentence, and a command that mends it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class InputError(AssistantError):
    """What the user handed in cannot be used as it is."""

    exit_code = 2


class DatasetError(InputError):
    """A line of an evaluation set, or a recorded run, cannot be used."""


class SetupError(AssistantError):
    """Something that must be in place before the first answer is not."""

    exit_code = 3


class SettingsError(SetupError):
    """A setting is unknown, of the wrong type or out of bounds."""

    exit_code = 2


class CorpusError(SetupError):
    """The corpus folder cannot be used."""


class CorpusRowError(CorpusError):
    """One row of one table of the corpus is wrong.

    ``row`` counts lines of the file as an editor shows them, the header being line 1.
    """

    def __init__(self, file: Path | str, row: int, column: str, value: object, allowed: str, *, text: str = "") -> None:
        name = Path(file).name
        shown = str(value)
        shown = shown if len(shown) <= 120 else shown[:117] + "..."
        super().__init__(
            f"{name}, row {row}, column '{column}': {text or f'{shown!r} is not allowed; expected {allowed}'}."
        )
        self.file = name
        self.row = row
        self.column = column
        self.value = value
        self.allowed = allowed

    @classmethod
    def twice(cls, file: Path | str, row: int, column: str, value: object, before: int) -> CorpusRowError:
        """The error for a row whose key an earlier row, ``before``, has already."""
        text = f"the row has been there before (row {before})"
        return cls(file, row, column, value, f"a value that row {before} has not", text=text)


class ModelError(SetupError):
    """The embedding model is missing, unreadable or not the expected one."""


class ChatModelError(SetupError):
    """The configured chat model cannot be set up, or does not answer as it should.

    ``kind`` is one word for logs and metrics (``unreachable``, ``key_refused``,
    ``throttled``, ``silent``, ``cut_off`` ...); ``why`` never holds text of a
    question, a reply or a key. ``retry_after`` are the seconds the provider asks for.
    """

    def __init__(self, kind: str, why: str, *, remedy: str | None = None, retry_after: float = 0.0) -> None:
        super().__init__(f"The chat model cannot be used: {why}.", remedy=remedy)
        self.kind = kind
        self.why = why
        self.retry_after = retry_after


class StorageError(SetupError):
    """A file or folder cannot be read or written."""


class IndexUnusableError(SetupError):
    """What 'mcof ingest' builds (index, exported model) cannot be used; matrix questions still work without it."""

    def __init__(self, message: str, *, remedy: str | None = "Run 'mcof ingest' to build it.") -> None:
        super().__init__(message, remedy=remedy)


class IndexMissingError(IndexUnusableError):
    """There is none yet."""


class IndexDamagedError(IndexUnusableError):
    """It is broken, emptied or incomplete."""


class IndexForeignError(IndexUnusableError):
    """It was built from another document, with another model or by another version."""


class ServerUnreachableError(IndexUnusableError):
    """The Chroma server that the settings name does not answer."""

    def __init__(self, url: str) -> None:
        address = url.rsplit("@", 1)[-1]  # never a password
        remedy = "Start it ('chroma run'), or unset MCOF_CHROMA_URL to use the embedded store."
        super().__init__(f"No Chroma server answers at {address}.", remedy=remedy)


class CheckFailedError(AssistantError):
    """A check that the user asked for did not pass."""
