"""What docs/evaluation.md says exists."""

import re
from pathlib import Path

import typer.main

from evals.commands import app
from evals.dataset import FIELDS, KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_every_command_and_option_exists_and_is_named() -> None:
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    named = set(re.findall(r"mcof eval (\w+)", TEXT))
    assert named == set(commands)
    options = {option for c in commands.values() for p in c.params for option in p.opts if option.startswith("--")}
    assert set(re.findall(r"(?<![\w-])--[a-z]+", TEXT)) <= options


def test_every_field_and_kind_is_described() -> None:
    assert all(f"| `{field}` |" in TEXT for field in FIELDS)
    assert all(f"`{kind}`" in TEXT for kind in KINDS)
