"""Which surfaces have settings of their own, so that one file and one environment can serve all of them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic_settings import BaseSettings

from assistant.settings import Settings, load_settings

#: Module and class of each surface's settings. A surface that is not installed is skipped.
SURFACES = (("ui.web.settings", "WebSettings"), ("ui.bots.settings", "BotSettings"))

SettingsKind = TypeVar("SettingsKind", bound=Settings)


def surface_settings() -> Iterator[type[BaseSettings]]:
    """The settings classes of the surfaces there are."""
    for module, name in SURFACES:
        try:
            yield getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            if not module.startswith(str(error.name)):
                raise


def names_elsewhere() -> set[str]:
    """Names of all settings that some surface knows."""
    return {name for kind in surface_settings() for name in kind.model_fields}


def settings_for(ctx: Any, kind: type[SettingsKind], **overrides: object) -> SettingsKind:  # noqa: ANN401 - typer's context has no public type
    """The settings of a surface, from the file that ``mcof --config`` named.

    Raises:
        SettingsError: a setting is unknown or out of bounds.
    """
    config = ctx.find_root().params.get("config") if ctx is not None else None
    return load_settings(Path(config) if config else None, kind=kind, elsewhere=names_elsewhere, **overrides)


def settings_of(ctx: Any) -> Settings:  # noqa: ANN401
    """The settings that the command line loaded, or freshly loaded ones."""
    return ctx.obj if isinstance(ctx.obj, Settings) else settings_for(ctx, Settings)
