"""Importing Gradio writes no stubs beside its files, and leaves everything else as it was."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import inspect, pathlib
before = inspect.getfile
written = []
real = pathlib.Path.write_text
pathlib.Path.write_text = lambda self, *a, **k: written.append(str(self)) or real(self, *a, **k)
from ui.web.gradio_import import gr
assert inspect.getfile is before
assert inspect.getfile(gr.HTML).endswith("html.py")
assert not [w for w in written if w.endswith(".pyi")], written
with gr.Blocks():
    assert gr.HTML("x").value == "x"
"""


def test_no_stub_is_written_and_inspect_is_as_before() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
