"""From the settings to a chat model of LangChain; the only module that imports a provider."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from assistant.llm.client import ChatClient, Limits, Streams
from assistant.settings import Settings
from corpus.errors import ChatModelError

#: Providers with an extra of this project: the package that each needs.
EXTRAS = {
    "openai": "langchain_openai",
    "azure_openai": "langchain_openai",
    "anthropic": "langchain_anthropic",
    "ollama": "langchain_ollama",
}
#: Replays recorded conversations from a file instead of calling anything: recorded:path/to/file.jsonl.
RECORDED = "recorded"
#: Libraries that write requests, questions included, into a log at level DEBUG.
_TALKATIVE = ("openai", "anthropic", "ollama", "httpx", "httpcore", "httpx2", "httpcore2", "langsmith")
#: With this variable LangChain's clients send everything to a third party, in the place of the provider.
_GATEWAY = "LANGSMITH_GATEWAY"

#: What an operator does about each kind of failure.
REMEDIES = {
    "unreachable": "Start its server, or correct MCOF_CHAT_BASE_URL.",
    "key_refused": "Set the right key: MCOF_CHAT_API_KEY, or the provider's own variable.",
    "not_found": "Correct the name in MCOF_CHAT_MODEL, or MCOF_CHAT_BASE_URL.",
    "throttled": "Wait, lower MCOF_CHAT_CONCURRENCY, or ask the provider for a higher limit.",
    "silent": "Raise MCOF_CHAT_TIMEOUT, or choose a faster model.",
    "request_refused": "Check MCOF_CHAT_TEMPERATURE (some models take 1 only) and MCOF_CHAT_MAX_TOKENS.",
    "server_error": "Look into the log of its server, or try again later.",
}


def provider_of(name: str) -> str:
    return name.partition(":")[0]


def connect(settings: Settings) -> ChatClient:
    """The client of the configured model. Calls nothing yet.

    Raises:
        ChatModelError: the provider's package is missing, or the model cannot be set up.
    """
    model = chat_model(settings)
    if settings.chat_record is not None:
        from assistant.llm.recorded import Recording

        model = Recording(model, settings.chat_record)
    limits = Limits(settings.chat_max_tokens, settings.chat_concurrency, settings.chat_retries)
    options = partial(structured, provider_of(settings.chat_model), settings.chat_strict_form)
    return ChatClient(model, settings.chat_model, limits, schema_options=options)


def chat_model(settings: Settings) -> Streams:
    """The chat model that the settings name.

    Raises:
        ChatModelError: with what mends it.
    """
    provider, _, name = settings.chat_model.partition(":")
    if provider == RECORDED:
        from assistant.llm.recorded import Replay

        return Replay(Path(name))
    package = EXTRAS.get(provider)
    if package is not None and importlib.util.find_spec(package) is None:
        extra = "azure" if provider == "azure_openai" else provider
        remedy = f"Run \"pip install 'mcof-assistant[{extra}]'\"."
        raise ChatModelError("not_installed", f"the package for {provider} is not installed", remedy=remedy)
    if os.environ.get(_GATEWAY, "").lower() not in ("", "false", "0", "no"):
        remedy = f"Unset {_GATEWAY}, or set it to false."
        raise ChatModelError("not_set_up", f"{_GATEWAY} would send questions to a third party", remedy=remedy)
    options = _options(settings, provider)
    if provider == "anthropic" and not options.get("api_key") and not os.environ.get("ANTHROPIC_API_KEY"):
        raise ChatModelError("not_set_up", "no key is given for it", remedy=REMEDIES["key_refused"])
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    from langchain.chat_models import init_chat_model

    try:
        model: Streams = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        remedy = f"Install the LangChain package for {provider}."
        raise ChatModelError("not_installed", f"the package for {provider} is not installed", remedy=remedy) from error
    except Exception as error:  # every provider has its own for an unknown name or a missing key
        version = ", OPENAI_API_VERSION" if provider == "azure_openai" else ""
        remedy = f"Check MCOF_CHAT_MODEL (provider:name), MCOF_CHAT_BASE_URL{version} and the key."
        why = f"it cannot be set up ({type(error).__name__})"
        raise ChatModelError("not_set_up", why, remedy=remedy) from error
    return model


def _options(settings: Settings, provider: str) -> dict[str, Any]:
    """Options of ``init_chat_model``, under the names that a provider gives them."""
    key = settings.chat_api_key.get_secret_value()
    options: dict[str, Any] = {"temperature": settings.chat_temperature}
    if provider == "ollama":
        # it has no key of its own; a proxy in front of it, or its cloud, takes one in this header
        headers = {"headers": {"Authorization": f"Bearer {key}"}} if key else {}
        timeout = {"timeout": settings.chat_timeout}
        options |= {"num_predict": settings.chat_max_tokens, "client_kwargs": timeout | headers}
    else:
        options |= {"max_tokens": settings.chat_max_tokens, "timeout": settings.chat_timeout, "max_retries": 0}
    if settings.chat_base_url:
        options["azure_endpoint" if provider == "azure_openai" else "base_url"] = settings.chat_base_url
    if key and provider != "ollama":
        options["api_key"] = key
    elif provider == "openai" and settings.chat_base_url:
        # servers of one's own often want none, but the client insists on something
        options["api_key"] = os.environ.get("OPENAI_API_KEY") or "none"
    if provider in ("openai", "azure_openai"):
        options["stream_usage"] = True
    return options


def probe(client: ChatClient, seconds: float) -> float:
    """One call as cheap as a call can be; the seconds it took.

    Raises:
        ChatModelError: with what mends it.
    """
    began = client.clock()
    call = client.start([("system", "Reply with one word."), ("user", "Say yes.")], began + seconds)
    try:
        for _ in call:
            break
    except ChatModelError as error:
        raise ChatModelError(error.kind, error.why, remedy=REMEDIES.get(error.kind)) from error
    finally:
        call.close()
    if not call.text:
        raise ChatModelError("silent", "it answered with nothing", remedy="Try another model.")
    return client.clock() - began


def structured(provider: str, strict: bool, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's option that makes a reply follow a JSON schema; empty where it has none, or ``strict`` is off."""
    if not strict:
        return {}
    if provider in ("openai", "azure_openai"):
        # past LangChain, which would parse the whole reply at its end and fail where it is cut at the token limit
        wanted = {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema)}}
        return {"extra_body": {"response_format": wanted}}
    if provider == "ollama":
        return {"format": dict(schema)}
    return {}
