"""Settings of the page: where it listens, who may use it, what it keeps, how much it takes on."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from assistant.settings import Settings
from corpus.errors import SettingsError

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


class WebSettings(Settings):
    """Settings with those of the page. Defaults are safe: loopback only, nothing public."""

    host: str = Field(
        "127.0.0.1", description="Address the page listens on; anything but loopback needs allowed_hosts."
    )
    port: int = Field(7860, ge=0, le=65535, description="Port the page listens on; 0 takes a free one.")
    root_path: str = Field(
        "", pattern=r"^(|/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])$", description="Path prefix behind a proxy, such as /mcof."
    )
    allowed_hosts: str = Field(
        "", description="Host names people use for the page, comma separated; loopback names are always known."
    )
    auth: Literal["off", "users", "proxy"] = Field(
        "off", description="Who may use the page: anybody who reaches it, a users file, or whom a trusted proxy names."
    )
    users_file: Path | None = Field(
        None, description="File of users and hashed passwords; default: users.txt in data_dir."
    )
    auth_header: str = Field(
        "X-Forwarded-User", pattern=r"^[A-Za-z0-9-]+$", description="Header in which the proxy names the user."
    )
    trusted_proxies: str = Field("", description="Addresses or networks whose headers are believed, comma separated.")
    feedback: bool = Field(True, description="Whether the page offers feedback and keeps it.")
    feedback_file: Path | None = Field(
        None, description="SQLite file of the feedback; default: feedback.sqlite3 in data_dir."
    )
    feedback_days: int = Field(90, ge=1, le=3650, description="Days after which feedback is deleted.")
    rate_per_minute: int = Field(
        300, ge=1, le=100_000, description="Questions, exports and feedback a client may send in a minute."
    )
    rate_burst: int = Field(60, ge=1, le=10_000, description="How many of these may come at once.")
    max_body_kb: int = Field(512, ge=16, le=10_240, description="Largest request that is read.")
    queue_size: int = Field(64, ge=1, le=10_000, description="Questions that may wait; more are told to come back.")
    concurrency: int = Field(4, ge=1, le=64, description="Questions answered at the same time.")

    @model_validator(mode="after")
    def _consistent(self) -> WebSettings:
        if self.auth == "proxy" and not self.proxies:
            raise ValueError("auth=proxy needs trusted_proxies: the addresses whose headers are believed")
        if not self.is_loopback and not self.allowed_hosts.strip():
            raise ValueError(f"host {self.host} is not loopback, so allowed_hosts must name the hosts people use")
        return self

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def hosts(self) -> frozenset[str]:
        """Known host names, lower case, without port."""
        named = (h.strip().lower().strip("[]") for h in self.allowed_hosts.split(","))
        return frozenset(h for h in (*named, *LOOPBACK_HOSTS) if h)

    @property
    def proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        try:
            return tuple(
                ipaddress.ip_network(p.strip(), strict=False) for p in self.trusted_proxies.split(",") if p.strip()
            )
        except ValueError as error:
            raise SettingsError(f"trusted_proxies: {error}.") from error

    @property
    def users_path(self) -> Path:
        return self.users_file or self.data_dir / "users.txt"

    @property
    def feedback_path(self) -> Path:
        return self.feedback_file or self.data_dir / "feedback.sqlite3"
