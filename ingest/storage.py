"""Writing so that a reader, or a crash, never finds half a file; and saying in one sentence why it was not possible."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from corpus.errors import AssistantError, StorageError


def nonce() -> str:
    """Eight hexadecimal digits that nobody else uses."""
    return uuid4().hex[:8]


def replace_text(path: Path, text: str) -> None:
    """Give a file its new text in one step."""
    part = path.with_name(f"{path.name}.{nonce()}.part")
    try:
        with part.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def storage_error(folder: Path, error: BaseException) -> StorageError | None:
    """One sentence for a folder that cannot be written, or None where the error is about something else.

    Libraries hand on the disk's reasons only in words.
    """
    number = getattr(error, "errno", None)
    words = str(error).lower()
    if number in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in words or "no space left" in words:
        text = f"The disk of {str(folder)!r} is full; what was there before is unchanged."
        return StorageError(text, remedy="Free about 200 MB and try again.")
    if (
        number in (errno.EROFS, errno.EACCES, errno.EPERM)
        or "readonly database" in words
        or "permission denied" in words
    ):
        remedy = "Set MCOF_DATA_DIR to a folder of your own."
        return StorageError(f"The data folder {str(folder)!r} cannot be written.", remedy=remedy)
    if number in (errno.EEXIST, errno.ENOTDIR):
        return StorageError(f"{str(folder)!r} is no folder.", remedy="Set MCOF_DATA_DIR to a folder.")
    if isinstance(error, OSError):
        return StorageError(f"The data folder {str(folder)!r} cannot be used ({error.strerror or error}).")
    return None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one sentence; every other error passes.

    Raises:
        StorageError: the folder is read-only, full or none.
    """
    try:
        yield
    except AssistantError:
        raise
    except Exception as error:
        reason = storage_error(folder, error)
        if reason is None:
            raise
        raise reason from error
