"""Settings of the bots, added to those of the assistant.

Their names begin with ``MCOF_BOT_``, ``MCOF_SLACK_``, ``MCOF_TEAMS_`` or
``MCOF_MATRIX_``. Secrets are taken from the environment only: in a file they
are refused.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from assistant.settings import PREFIX, Settings
from corpus.errors import SettingsError

Names = Annotated[frozenset[str], NoDecode]


class BotSettings(Settings):
    """Settings with those of the bots. Built once at an entry point and passed in."""

    bot_database_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL address of the ledger; needed as soon as replicas run on several hosts. "
        "Empty: an SQLite file in the data folder, shared by all replicas on this host.",
    )  # fmt: skip
    bot_page_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="Address of the page; sources then link to its document view."
    )
    bot_allow_channels: Names = Field(
        frozenset(), description="Ids of the only channels that are served, separated by commas."
    )
    bot_deny_channels: Names = Field(
        frozenset(), description="Ids of channels that are never served, separated by commas."
    )
    bot_person_limit: int = Field(
        10, ge=0, le=10_000, description="Most questions a minute of one person; 0: no limit."
    )
    bot_channel_limit: int = Field(
        60, ge=0, le=100_000, description="Most questions a minute in one channel; 0: no limit."
    )
    bot_feedback: bool = Field(True, description="Whether answers carry thumbs and their text is kept for feedback.")
    bot_keep_days: int = Field(7, ge=1, le=90, description="Days that numbers of handled messages are kept.")
    bot_answer_days: int = Field(7, ge=1, le=90, description="Days that question and answer are kept for feedback.")
    bot_history_hours: int = Field(
        24, ge=1, le=720, description="Hours that a Teams conversation is kept for follow-ups."
    )
    bot_history_messages: int = Field(20, ge=0, le=200, description="Earlier messages of a thread that are read.")
    bot_sign_seconds: float = Field(1.0, ge=0.0, le=30.0, description="Seconds after which a sign of life is shown.")
    bot_answer_seconds: float = Field(60.0, ge=1.0, le=600.0, description="Seconds after which an answer is given up.")
    bot_lease_seconds: float = Field(
        15.0, ge=0.3, le=600.0, description="Seconds after which the work of a dead replica is taken over."
    )
    bot_catch_up_seconds: int = Field(
        600,
        ge=0,
        le=86_400,
        description="Messages missed while stopped are answered up to this age; older ones get a word.",
    )
    bot_stop_seconds: float = Field(
        20.0, ge=0.0, le=300.0, description="Seconds a graceful stop may take to finish what it began."
    )
    bot_workers: int = Field(4, ge=1, le=64, description="Questions answered at the same time.")
    bot_host: str = Field("127.0.0.1", description="Address that health, metrics and incoming HTTP are served on.")
    bot_port: int = Field(
        8090, ge=0, le=65_535, description="Port of health and metrics, and of incoming HTTP; 0: a free one."
    )

    slack_bot_token: SecretStr = Field(SecretStr(""), description="Bot token, xoxb-…")
    slack_app_token: SecretStr = Field(SecretStr(""), description="App-level token, xapp-…, for Socket Mode.")
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Signing secret, for events over HTTP instead of Socket Mode."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        pattern=r"^https?://\S+/$",
        description="Address of the Web API; changed in tests only.",
    )

    teams_app_id: str = Field("", pattern=r"^\S*$", description="Application (client) id of the bot registration.")
    teams_tenant_id: str = Field("", pattern=r"^\S*$", description="Directory (tenant) id of the registration.")
    teams_app_secret: SecretStr = Field(SecretStr(""), description="Client secret of the registration.")
    teams_service_hosts: Names = Field(
        frozenset({"smba.trafficmanager.net", "botframework.com"}),
        description="Hosts (with their subdomains) that replies may be sent to, separated by commas.",
    )

    matrix_homeserver: str = Field("", pattern=r"^(https?://\S+)?$", description="Address of the homeserver.")
    matrix_user: str = Field("", pattern=r"^(@\S+:\S+)?$", description="Full user id of the bot, @mcof:example.org.")
    matrix_access_token: SecretStr = Field(SecretStr(""), description="Access token of the bot's device.")
    matrix_device_id: str = Field(
        "MCOFBOT", pattern=r"^\S+$", description="Device id that the access token belongs to."
    )
    matrix_invite_servers: Names = Field(frozenset(), description="Servers whose users may invite the bot; empty: all.")

    @field_validator(
        "bot_allow_channels", "bot_deny_channels", "teams_service_hosts", "matrix_invite_servers", mode="before"
    )
    @classmethod
    def _names(cls, value: object) -> object:
        return frozenset(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _model_within_answer(self) -> BotSettings:
        """A model that takes its whole time must not cost the composer's answer."""
        if self.chat_model and self.chat_timeout >= self.bot_answer_seconds:
            raise ValueError("the time of the model, MCOF_CHAT_TIMEOUT, must be less than MCOF_BOT_ANSWER_SECONDS")
        return self

    def ledger_url(self, data_dir: Path | None = None) -> str:
        """Where the ledger is: the configured database, or a file in the data folder."""
        return (
            self.bot_database_url.get_secret_value()
            or f"sqlite:///{(data_dir or self.data_dir) / 'bots' / 'ledger.sqlite'}"
        )


def require(settings: BotSettings, *names: str) -> None:
    """Every one of these settings has a value.

    Raises:
        SettingsError: names all that are missing, in one sentence.
    """
    missing = []
    for name in names:
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            missing.append(PREFIX + name.upper())
    if missing:
        raise SettingsError(f"Set {' and '.join(missing)} in the environment; docs/bots/ says where to find them.")


def secret_names() -> tuple[str, ...]:
    """Names of the settings that hold secrets."""
    return tuple(n for n, f in BotSettings.model_fields.items() if f.annotation is SecretStr)


def refuse_secrets(file: Path) -> None:
    """No secret stands in a settings file, which is copied, mailed and committed.

    Raises:
        SettingsError: one does; its name is said, never its value.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return  # loading the settings says what is wrong with the file
    for name in secret_names():
        if name in values:
            raise SettingsError(
                f"{file.name}: {name} is a secret; set {PREFIX}{name.upper()} in the environment instead."
            )
