"""Importing Gradio without the type stubs that it writes beside its own files: half of the time, and nothing written.

For every component Gradio parses its own source and renders a ``.pyi`` file
into the installed package, which takes 1.3 of 2.7 processor seconds and which
only editors read.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: no call leaves this machine
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# where matplotlib is installed, Gradio asks for its backend at the first question: 1.5 s
os.environ.setdefault("MPLBACKEND", "agg")


@contextmanager
def _without_stubs() -> Iterator[None]:
    """Gradio's classes have no source file meanwhile; it writes no stub for such classes."""
    found = inspect.getfile

    def hidden(thing: Any) -> Any:  # noqa: ANN401 - as inspect.getfile
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no stub is wanted")
        return found(thing)

    inspect.getfile = hidden  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = found


if "gradio" not in sys.modules:
    with _without_stubs():
        import gradio as gr
else:
    import gradio as gr

__all__ = ["gr"]
