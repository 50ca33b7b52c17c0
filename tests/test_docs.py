"""Documentation that can drift is checked: commands, settings, tables, links, and what must not be in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import typer

from assistant.settings import Settings
from corpus.load import TABLES
from ui import cli
from ui.settings import surface_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ALL_PAGES = "\n".join(p.read_text(encoding="utf-8") for p in PAGES)


def commands() -> set[str]:
    """Every command there is, sub-commands as two words."""
    found = set()
    group = typer.main.get_group(cli.app)
    for name in group.list_commands(None):  # type: ignore[arg-type]
        found.add(name)
        command = group.get_command(None, name)  # type: ignore[arg-type]
        found |= {f"{name} {sub}" for sub in getattr(command, "commands", {})}
    return found


def test_every_command_of_the_readme_exists_and_every_command_is_in_it() -> None:
    there = commands()
    told = {m for m in re.findall(r"`mcof ([a-z]+)", README)}
    assert {name for name in there if " " not in name} <= told
    surfaces = {name for name, (module, _) in cli.ELSEWHERE.items()}
    assert told - there <= surfaces, "unknown commands"
    for name, sub in re.findall(r"`mcof (matrix) ([a-z]+)", README):
        assert f"{name} {sub}" in there


def test_the_table_of_settings_is_the_settings() -> None:
    rows = re.findall(r"^\| `(MCOF_[A-Z_]+)` \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    described = {name: meaning for name, _, meaning in rows}
    fields = Settings.model_fields
    assert described == {f"MCOF_{name.upper()}": field.description for name, field in fields.items()}
    for name, default, _ in rows:
        value = fields[name.removeprefix("MCOF_").lower()].default
        if isinstance(value, int | bool) or (isinstance(value, str) and value):
            assert default == f"`{value}`"


def test_every_setting_of_a_surface_is_in_the_documentation() -> None:
    missing = [
        f"MCOF_{name.upper()}"
        for kind in surface_settings()
        for name in kind.model_fields
        if f"MCOF_{name.upper()}" not in ALL_PAGES and f"`{name}`" not in ALL_PAGES
    ]
    assert missing == []


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"MCOF_{n.upper()}" for kind in (Settings, *surface_settings()) for n in kind.model_fields}
    told = set(re.findall(r"\bMCOF_[A-Z_]*[A-Z]\b", ALL_PAGES))
    assert {t for t in told if t not in known and not t.startswith("MCOF_TEST_")} == set()


def test_every_table_is_described() -> None:
    text = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    assert [name for name in TABLES if f"`{name}.csv`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(((?!https?:|mailto:|#)[^)\s]+)\)", text)
    assert [t for t in targets if not (page.parent / t.split("#")[0]).exists()] == []


#: What a reader elsewhere can make nothing of: somebody's machine, somebody's package index.
FOREIGN = re.compile(r"/(?:work|home|root|tmp|opt)/[a-z]|\.\./shared|pypi\.org/simple|whl/cpu|--(?:extra-)?index-url")


def test_nothing_mentions_a_machine_or_an_index() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git here")
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if (
            path == Path(__file__)
            or not path.is_file()
            or path.suffix not in (".py", ".md", ".toml", ".csv", ".js", ".html", "")
        ):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {m.group()}" for m in FOREIGN.finditer(text)]
    assert found == []
