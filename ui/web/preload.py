"""Which files of Gradio's front end the page will need, so that a browser fetches them at once.

Gradio loads in four waves, each after the one before has been read; on a link
of half a second each wave costs one. The files' names hold hashes, so they are
found by following the imports from those the page is known to use.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

#: Modules that the page uses, by the part of their names before the hash.
ROOTS = ("core", "Blocks", "HTML", "statustracker")
_IMPORT = re.compile(r"(?:from|import)\s*[\"']\./([\w.-]+\.js)[\"']")


def modules(assets: Path | None = None) -> tuple[str, ...]:
    """Names of module files, roots and all that they import; empty where Gradio is laid out otherwise."""
    folder = assets or Path(str(resources.files("gradio") / "templates" / "frontend" / "assets"))
    waiting = [p.name for root in ROOTS for p in sorted(folder.glob(f"{root}-*.js"))]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        path = folder / name
        if name in found or not path.is_file():
            continue
        found[name] = None
        waiting += _IMPORT.findall(path.read_text(encoding="utf-8", errors="replace"))
    return tuple(found)


def links() -> str:
    """The modules as HTML for the page's head."""
    return "".join(f'<link rel="modulepreload" crossorigin href="./assets/{name}">' for name in modules())
