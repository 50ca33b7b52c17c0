"""All settings in one typed, bounded place: environment ``MCOF_…`` or a TOML file.

The environment wins over the file. An unknown key in the file, or an unknown
``MCOF_`` variable, is an error that names the nearest right one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.adapter import ADAPTER
from assistant.reader import READER
from corpus.errors import SettingsError
from corpus.load import DEFAULT_CORPUS

PREFIX = "MCOF_"
#: Variables of the test suite, which are no settings.
_OF_TESTS = ("MCOF_TEST_", "MCOF_SCREENSHOTS")


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
    chat_model: str = Field(
        "", pattern=r"^(|[a-z_]+:\S+)$", description="Language model that helps, as provider:name; empty: none."
    )
    chat_base_url: str = Field("", description="Address of the model's server, where it is not the provider's own.")
    chat_api_key: SecretStr = Field(
        SecretStr(""), description="Key of the model; empty: the provider's own variable, such as OPENAI_API_KEY."
    )
    chat_writing: bool = Field(True, description="Whether the model may write; sends it the question and passages.")
    chat_understanding: bool = Field(
        False, description="Whether the model may help to understand; sends it the question and earlier questions."
    )
    chat_strict_form: bool = Field(
        True, description="Whether the server is held to the form of the reply; off where that is slow or unknown."
    )
    chat_temperature: float = Field(0.0, ge=0.0, le=2.0, description="Randomness of the model.")
    chat_max_tokens: int = Field(700, ge=32, le=8000, description="Tokens that one reply of the model may have.")
    chat_context_chars: int = Field(
        6000, ge=500, le=60_000, description="Characters of passages that the model is sent."
    )
    chat_timeout: float = Field(
        20.0, ge=0.2, le=300.0, description="Seconds for all the model does for one answer; then it is left out."
    )
    chat_concurrency: int = Field(4, ge=1, le=64, description="Calls of the model at the same time.")
    chat_retries: int = Field(1, ge=0, le=5, description="Further attempts when the model is away or busy.")
    chat_entailment: str = Field(
        "",
        description="Folder of an entailment model that judges what the model writes; empty: its words are compared.",
    )
    chat_record: Path | None = Field(
        None, description="File that every request and reply of the model is added to, for tests; holds questions."
    )
    log_level: str = Field("WARNING", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Verbosity of the log.")
    log_questions: bool = Field(False, description="Whether the log may hold the text of questions.")

    @field_validator("corpus", "data_dir")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def adapter(self) -> Path | None:
        """What the corpus has taught the packaged embedding model; None where there is nothing, or for another model."""
        return self._trained(ADAPTER)

    @property
    def reader(self) -> Path | None:
        """The corpus' reader; None where there is none, or for another model than the packaged one."""
        return self._trained(READER)

    def _trained(self, name: str) -> Path | None:
        path = self.corpus / name
        return path if self.embedding_model == "all-MiniLM-L6-v2" and path.is_file() else None

    @property
    def diagram_levels(self) -> Path:
        """Where ``mcof matrix import`` keeps the levels read off original diagrams."""
        return self.data_dir / "diagram" / f"{self.corpus.name}.csv"

    def effective(self) -> dict[str, object]:
        """Values in force, secrets masked: what is logged at start."""
        return {k: ("***" if isinstance(v, SecretStr) else v) for k, v in self.model_dump().items()}


SettingsKind = TypeVar("SettingsKind", bound=Settings)


def load_settings(
    config: Path | None = None,
    *,
    kind: type[SettingsKind] = Settings,  # type: ignore[assignment]
    elsewhere: Callable[[], Iterable[str]] = tuple,
    **overrides: object,
) -> SettingsKind:
    """Settings: ``overrides`` before the environment, before ``config`` (or ``mcof.toml`` where it exists).

    ``kind`` is this class or that of a surface, which adds its own. One file may
    serve them all: ``elsewhere`` names the settings of the other surfaces, which
    are then known and left alone. It is called only when a name is unknown here.

    Raises:
        SettingsError: a key is unknown or a value is out of bounds, with the file or variable named.
    """
    path = config or Path("mcof.toml")
    values = _read(path) if config is not None or path.exists() else {}
    own = set(kind.model_fields)
    variables = {
        v: v.removeprefix(PREFIX).lower() for v in os.environ if v.startswith(PREFIX) and not v.startswith(_OF_TESTS)
    }
    if not own.issuperset([*values, *variables.values()]):
        known = sorted(own.union(elsewhere()))
        for key in values:
            if key not in known:
                raise SettingsError(f"{path.name}: unknown setting {key!r}.{_hint(key, known)}")
        for variable, name in variables.items():
            if name not in known:
                raise SettingsError(f"Unknown setting {variable} in the environment.{_hint(name, known, PREFIX)}")
    set_outside = {name for variable, name in variables.items() if os.environ[variable]}
    given = {k: v for k, v in values.items() if k in own - set_outside}
    given |= {k: v for k, v in overrides.items() if v is not None}
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        if not first["loc"]:
            raise SettingsError(f"Settings: {message}.") from error
        key = str(first["loc"][0])
        variable = f"{PREFIX}{key.upper()}"
        source = variable if os.environ.get(variable) else f"{path.name}, {key}" if key in values else key
        raise SettingsError(f"{source}: {message}; found {_shown(kind, key, first.get('input', ''))}.") from error


def _shown(kind: type[Settings], key: str, value: object) -> str:
    """The offending value, cut; a secret is never shown."""
    secret = key in kind.model_fields and "Secret" in str(kind.model_fields[key].annotation)
    return "a secret value" if secret else repr(str(value)[:80])


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
