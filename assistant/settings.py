"""All settings in one typed, bounded place: environment ``MCOF_…`` or a TOML file.

The environment wins over the file. An unknown key in the file, or an unknown
``MCOF_`` variable, is an error that names the nearest right one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from corpus.errors import SettingsError
from corpus.load import DEFAULT_CORPUS

PREFIX = "MCOF_"


def _default_data_dir() -> Path:
    from platformdirs import user_data_path

    return user_data_path("mcof-assistant", appauthor=False)


class Settings(BaseSettings):
    """Every setting, with its bounds. Built once at an entry point and passed in."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    corpus: Path = Field(DEFAULT_CORPUS, description="Folder that holds corpus.toml, document.md and the tables.")
    data_dir: Path = Field(
        default_factory=_default_data_dir, description="Where the index, the model export and recorded data are kept."
    )
    embedding_model: str = Field(
        "all-MiniLM-L6-v2",
        description="The packaged model, or a folder in the form of sentence-transformers.",
    )
    chroma_url: str = Field("", description="Address of a Chroma server shared by many replicas; empty: embedded.")
    top_k: int = Field(10, ge=1, le=50, description="Passages ranked for a question.")
    max_question_chars: int = Field(2000, ge=100, le=20_000, description="Longest question that is answered.")
    max_history_turns: int = Field(20, ge=0, le=200, description="Earlier messages that are taken into account.")
    emergency_contact: str = Field("", description="Whom somebody in danger is told to reach.")
    log_level: str = Field("WARNING", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Verbosity of the log.")
    log_questions: bool = Field(False, description="Whether the log may hold the text of questions.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the values of the file, which come in as init values."""
        return env_settings, init_settings

    @property
    def diagram_levels(self) -> Path:
        """Where ``mcof matrix import`` keeps the levels read off original diagrams."""
        return self.data_dir / "diagram" / f"{self.corpus.name}.csv"

    def effective(self) -> dict[str, object]:
        """Values in force, secrets masked: what is logged at start."""
        return {k: ("***" if isinstance(v, SecretStr) else v) for k, v in self.model_dump().items()}


def load_settings(config: Path | None = None, **overrides: object) -> Settings:
    """Settings from the environment, ``config`` (or ``mcof.toml`` where it exists), and ``overrides``.

    Raises:
        SettingsError: a key is unknown or a value is out of bounds, with the file or variable named.
    """
    values: dict[str, Any] = {}
    where = "the environment"
    path = config or Path("mcof.toml")
    if config is not None or path.exists():
        where = path.name
        values = _read(path)
    known = list(Settings.model_fields)
    for key in values:
        if key not in known:
            raise SettingsError(f"{where}: unknown setting {key!r}.{_hint(key, known)}")
    for variable in os.environ:
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in known:
            raise SettingsError(f"Unknown setting {variable} in the environment.{_hint(name, known, PREFIX)}")
    try:
        return Settings(**(values | {k: v for k, v in overrides.items() if v is not None}))
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        source = f"{PREFIX}{key.upper()}" if f"{PREFIX}{key.upper()}" in os.environ else f"{where}, {key}"
        message = first["msg"][:1].lower() + first["msg"][1:]
        raise SettingsError(f"{source}: {message}; found {str(first.get('input', ''))[:80]!r}.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {str(path)!r}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read as TOML: {error}.") from error


def _hint(key: str, known: list[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(key, known, n=1)
    shown = f"{prefix}{close[0].upper()}" if close and prefix else close[0] if close else ""
    return f" Did you mean {shown!r}?" if close else f" Known are {', '.join(known)}."
