"""The files a browser is told to fetch at once are those the page needs, and exist."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ui.web.preload import ROOTS, links, modules

ASSETS = Path(str(resources.files("gradio") / "templates" / "frontend" / "assets"))


def test_every_root_is_there_and_every_file_exists() -> None:
    """A new Gradio with other names would quietly load in four waves again."""
    names = modules()
    for root in ROOTS:
        assert any(name.startswith(f"{root}-") for name in names), root
    assert all((ASSETS / name).is_file() for name in names)
    assert sum((ASSETS / f"{name}.br").stat().st_size for name in names if (ASSETS / f"{name}.br").exists()) < 300_000
    assert links().count("modulepreload") == len(names)


def test_another_layout_means_no_hints(tmp_path: Path) -> None:
    assert modules(tmp_path) == ()
