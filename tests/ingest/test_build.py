"""Building and opening the index, the same tests for the embedded store and for a Chroma server."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.index import MANIFEST, index_root, server_client, stored_vectors
from assistant.learned import learned_file
from assistant.records import build_records
from assistant.settings import Settings
from corpus.errors import (
    CorpusError,
    IndexDamagedError,
    IndexForeignError,
    IndexMissingError,
    ServerUnreachableError,
    SettingsError,
    StorageError,
)
from corpus.load import Corpus, load_corpus
from ingest import build
from ingest.build import IngestReport
from tests.fakes import KeywordEncoder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real ``chroma run``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "chroma run ended"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["embedded", pytest.param("server", marks=pytest.mark.server)])
def settings(request: pytest.FixtureRequest, plain_settings: Settings) -> Iterator[Settings]:
    """Settings of the small corpus, once for each kind of store; nothing is stored yet."""
    if request.param == "embedded":
        yield plain_settings
        return
    url = request.getfixturevalue("server")
    client = server_client(url)
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    yield plain_settings.model_copy(update={"chroma_url": url})


def ingest(corpus: Corpus, settings: Settings, **options: Any) -> IngestReport:
    """As the real one, with the embedder that knows words only."""
    return build.ingest(corpus, settings, open_encoder=lambda _: KeywordEncoder(), **options)


def opened(corpus: Corpus, settings: Settings) -> tuple[str, int]:
    """Id of the index and the number of its vectors."""
    records = build_records(corpus)
    identifier, vectors = stored_vectors(settings, corpus.info.id, records, KeywordEncoder().model_id)
    assert np.allclose(vectors, KeywordEncoder().encode([r.text for r in records]), atol=1e-6)
    return identifier, len(vectors)


def test_what_was_built_is_opened(plain_corpus: Corpus, settings: Settings) -> None:
    seen: list[tuple[str, int, int]] = []
    report = ingest(plain_corpus, settings, progress=lambda *step: seen.append(step))
    records = build_records(plain_corpus)
    assert report.built
    assert report.embedded == len(records)
    assert opened(plain_corpus, settings) == (report.manifest.index_id, len(records))
    assert seen[0] == ("model", 0, 1)
    assert seen[-1] == ("store", len(records), len(records))
    assert report.manifest.source_sha256 == plain_corpus.source_sha256
    assert len(report.manifest.model_sha256) == 64


def test_a_second_ingest_does_nothing_and_force_builds_again(plain_corpus: Corpus, settings: Settings) -> None:
    first = ingest(plain_corpus, settings).manifest
    again = ingest(plain_corpus, settings)
    assert not again.built
    forced = ingest(plain_corpus, settings, force=True)
    assert forced.built
    assert forced.embedded == first.count
    assert forced.manifest.index_id == first.index_id
    assert opened(plain_corpus, settings) == (first.index_id, first.count)


def changed(corpus: Corpus) -> Corpus:
    """The corpus with one sentence more at its end."""
    last = replace(corpus.passages[-1], ref="¶5", text="The bell rings twice.", spans=((0, 1),), offsets=(0,) * 21)
    return replace(corpus, passages=(*corpus.passages, last))


def test_after_a_change_only_new_texts_are_embedded(plain_corpus: Corpus, settings: Settings) -> None:
    ingest(plain_corpus, settings)
    report = ingest(changed(plain_corpus), settings)
    assert (report.built, report.embedded) == (True, 1)
    whole = ingest(changed(plain_corpus), settings, force=True)
    assert whole.manifest.index_id == report.manifest.index_id
    # the index before is kept, for a replica that has not been updated yet
    assert opened(plain_corpus, settings)[1] == len(build_records(plain_corpus))


def test_no_index_and_a_foreign_one_are_told_apart(plain_corpus: Corpus, settings: Settings) -> None:
    with pytest.raises(IndexMissingError, match=r"Run 'mcof ingest' to build it\."):
        opened(plain_corpus, settings)
    ingest(plain_corpus, settings)
    with pytest.raises(IndexForeignError, match="another text, table or embedding model"):
        opened(changed(plain_corpus), settings)
    with pytest.raises(IndexForeignError):
        stored_vectors(settings, plain_corpus.info.id, build_records(plain_corpus), "other@fake")


@pytest.mark.server
def test_an_emptied_collection_on_the_server_is_no_silent_nothing(
    plain_corpus: Corpus, plain_settings: Settings, server: str
) -> None:
    settings = plain_settings.model_copy(update={"chroma_url": server})
    manifest = ingest(plain_corpus, settings, force=True).manifest
    client = server_client(server)
    collection = client.get_collection(manifest.store, embedding_function=None)
    collection.delete(ids=collection.get(include=[])["ids"][:3])
    with pytest.raises(IndexDamagedError, match=r"holds \d+ records instead of 12"):
        opened(plain_corpus, settings)
    assert ingest(plain_corpus, settings).built
    assert opened(plain_corpus, settings)[1] == 12
    assert len([c for c in client.list_collections() if manifest.index_id in c.name]) == 1


@pytest.mark.server
def test_a_collection_that_is_still_being_built_is_not_seen(
    plain_corpus: Corpus, plain_settings: Settings, server: str
) -> None:
    """The manifest is the last thing written: without it a collection does not count."""
    settings = plain_settings.model_copy(update={"chroma_url": server})
    manifest = ingest(plain_corpus, settings, force=True).manifest
    client = server_client(server)
    half = f"mcof-lighthouse-{manifest.index_id}-ffffffff"
    client.create_collection(half, metadata={"begun": "2020-01-01T00:00:00"}, embedding_function=None)
    assert opened(plain_corpus, settings)[1] == 12
    ingest(plain_corpus, settings, force=True)
    assert half not in [c.name for c in client.list_collections()]


def test_a_server_that_does_not_answer(plain_corpus: Corpus, plain_settings: Settings) -> None:
    settings = plain_settings.model_copy(update={"chroma_url": "http://user:secret@127.0.0.1:9"})
    for attempt in (lambda: ingest(plain_corpus, settings), lambda: opened(plain_corpus, settings)):
        with pytest.raises(ServerUnreachableError, match=r"No Chroma server answers at 127\.0\.0\.1:9\.") as caught:
            attempt()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://h:port"])
def test_an_address_that_is_none(plain_corpus: Corpus, plain_settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="is no address such as"):
        opened(plain_corpus, plain_settings.model_copy(update={"chroma_url": url}))


# --- damage, embedded ---------------------------------------------------------------------------


def store_of(settings: Settings) -> tuple[Path, Path]:
    """Folder of the only index, and of its store."""
    (manifest,) = index_root(settings, "lighthouse").glob(f"*/{MANIFEST}")
    return manifest.parent, manifest.parent / json.loads(manifest.read_text())["store"]


def no_database(folder: Path, store: Path) -> None:
    (store / "chroma.sqlite3").unlink()


def empty_database(folder: Path, store: Path) -> None:
    (store / "chroma.sqlite3").write_bytes(b"")


def scrambled_database(folder: Path, store: Path) -> None:
    path = store / "chroma.sqlite3"
    path.write_bytes(b"\x00scrambled" * (path.stat().st_size // 10))


def no_store(folder: Path, store: Path) -> None:
    shutil.rmtree(store)


def no_manifest(folder: Path, store: Path) -> None:
    (folder / MANIFEST).unlink()


def half_a_manifest(folder: Path, store: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text[: len(text) // 2])


def another_count(folder: Path, store: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"count": 12', '"count": 13'))


def emptied_through_chroma(folder: Path, store: Path) -> None:
    import chromadb

    from assistant.index import client_settings

    client = chromadb.PersistentClient(path=str(store), settings=client_settings())
    collection = client.get_collection(store.name, embedding_function=None)
    collection.delete(ids=collection.get(include=[])["ids"])
    client.close()  # type: ignore[attr-defined]


DAMAGES = [
    no_database, empty_database, scrambled_database, no_store, no_manifest, half_a_manifest, another_count,
    emptied_through_chroma,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_damage_is_told_and_mended(plain_corpus: Corpus, plain_settings: Settings, damage: object) -> None:
    ingest(plain_corpus, plain_settings)
    damage(*store_of(plain_settings))  # type: ignore[operator]
    with pytest.raises(IndexDamagedError, match=r"Run 'mcof ingest' to build it\."):
        opened(plain_corpus, plain_settings)
    assert ingest(plain_corpus, plain_settings).built
    assert opened(plain_corpus, plain_settings)[1] == 12


@pytest.mark.parametrize("data", [b"", b"not numbers", None], ids=["empty", "scrambled", "gone"])
def test_without_the_fast_copy_the_store_itself_is_read(
    plain_corpus: Corpus, plain_settings: Settings, data: bytes | None
) -> None:
    """The copy of the vectors only saves a second: what counts is the store."""
    ingest(plain_corpus, plain_settings)
    _, store = store_of(plain_settings)
    copy = store.with_name(f"{store.name}.npy")
    copy.unlink() if data is None else copy.write_bytes(data)
    assert opened(plain_corpus, plain_settings)[1] == 12
    report = ingest(plain_corpus, plain_settings)
    assert (report.built, report.embedded) == (True, 0)
    assert not ingest(plain_corpus, plain_settings).built


def test_ratings_need_no_index(corpus: Corpus, tmp_path: Path) -> None:
    assistant = Assistant.build(Settings(data_dir=tmp_path / "none"))
    assert assistant.ask("Is health support critical during a health crisis?").status == "grounded"
    with pytest.raises(IndexMissingError, match="mcof ingest"):
        _ = assistant.retriever


def test_a_text_longer_than_the_model_reads_is_refused(plain_settings: Settings, tmp_path: Path) -> None:
    """What the model would cut off without a word is an error instead."""
    folder = tmp_path / "long"
    shutil.copytree(plain_settings.corpus, folder)
    (folder / "entry_points.csv").write_text(f"ref,fact,lang,voice,text\n¶1,,en,plain,{'lamp ' * 400}\n")
    settings = plain_settings.model_copy(update={"corpus": folder})
    with pytest.raises(CorpusError, match=r"A text of ¶1 has 402 word pieces, the model reads 256"):
        ingest(load_corpus(folder), settings)


# --- storage --------------------------------------------------------------------------------------


def test_a_file_where_the_folder_should_be(plain_corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError, match=r"is no folder\. Set MCOF_DATA_DIR to a folder\."):
        ingest(plain_corpus, Settings(corpus=Path("x"), data_dir=tmp_path / "data"))


def mounted(folder: Path, options: str) -> bool:
    """Mount a small file system of its own there, where this is allowed."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_a_full_disk_leaves_the_old_index(plain_corpus: Corpus, plain_settings: Settings, tmp_path: Path) -> None:
    small = tmp_path / "small"
    if not mounted(small, "size=2m"):
        pytest.skip("no right to mount a small file system")
    try:
        settings = plain_settings.model_copy(update={"data_dir": small})
        ingest(plain_corpus, settings)
        (small / "ballast").write_bytes(b"x" * (shutil.disk_usage(small).free - 150_000))
        with pytest.raises(StorageError, match=r"disk of .* is full; what was there before is unchanged"):
            ingest(plain_corpus, settings, force=True)
        assert opened(plain_corpus, settings)[1] == 12
        (small / "ballast").unlink()
        assert ingest(plain_corpus, settings, force=True).built
        folder, store = store_of(settings)
        assert {p.name for p in folder.iterdir()} == {MANIFEST, store.name, f"{store.name}.npy"}
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_read_only_folder_can_be_read_but_not_written(
    plain_corpus: Corpus, plain_settings: Settings, tmp_path: Path
) -> None:
    frozen = tmp_path / "frozen"
    if not mounted(frozen, "size=20m"):
        pytest.skip("no right to mount a small file system")
    try:
        settings = plain_settings.model_copy(update={"data_dir": frozen})
        ingest(plain_corpus, settings)
        subprocess.run(["mount", "-o", "remount,ro", str(frozen)], check=True)
        with pytest.raises(StorageError, match=r"cannot be written\. Set MCOF_DATA_DIR"):
            ingest(plain_corpus, settings, force=True)
        assert opened(plain_corpus, settings)[1] == 12
    finally:
        subprocess.run(["umount", str(frozen)], check=True)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "is full"),
        (OSError(30, "Read-only file system"), "cannot be written"),
        (RuntimeError("(code: 13) database or disk is full"), "is full"),
        (RuntimeError("attempt to write a readonly database"), "cannot be written"),
    ],
)
def test_what_the_disk_refuses_is_one_sentence(
    plain_corpus: Corpus, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    """As above where nothing can be mounted: libraries wrap the reason in errors of their own."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    ingest(plain_corpus, plain_settings)
    monkeypatch.setattr(build, "_fill", refuse)
    with pytest.raises(StorageError, match=sentence):
        ingest(plain_corpus, plain_settings, force=True)
    assert opened(plain_corpus, plain_settings)[1] == 12


def test_a_bug_is_no_storage_error(
    plain_corpus: Corpus, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(build, "_fill", fail)
    with pytest.raises(KeyError):
        ingest(plain_corpus, plain_settings)


# --- what is learned ------------------------------------------------------------------------------


def test_a_passage_question_without_an_index_is_an_error(tmp_path: Path) -> None:
    """It was told that the document does not say: the reply for an index that nobody had built."""
    assistant = Assistant.build(Settings(data_dir=tmp_path / "none"))
    with pytest.raises(IndexMissingError, match=r"Run 'mcof ingest' to build it\."):
        assistant.ask("How many people were evacuated from Lebanon?")


def test_an_edited_table_makes_what_was_learned_another_file(corpus: Corpus, tmp_path: Path) -> None:
    """The files were named by the index alone: an edited lexicon went on with what the old one had taught."""
    edited = replace(corpus, fingerprint="other")
    settings = Settings(data_dir=tmp_path)
    assert learned_file(settings, "slots", "i", corpus) != learned_file(settings, "slots", "i", edited)


def test_without_the_file_of_this_corpus_nothing_is_judged(corpus: Corpus, tmp_path: Path) -> None:
    """A missing or damaged model is an error with its command; an empty file says there was too little to learn from."""
    assistant = Assistant(corpus, Settings(data_dir=tmp_path), lambda: ("i", None))  # type: ignore[arg-type,return-value]
    path = learned_file(assistant.settings, "answers", "i", corpus)
    with pytest.raises(IndexForeignError, match=r"another version of the tables\. Run 'mcof ingest'"):
        _ = assistant._learned.answers
    path.parent.mkdir()
    path.write_bytes(b"no archive")
    with pytest.raises(IndexDamagedError, match=r"cannot be read\. Run 'mcof ingest --force'"):
        _ = assistant._learned.answers
    path.write_bytes(b"")
    assert assistant._learned.answers is None
