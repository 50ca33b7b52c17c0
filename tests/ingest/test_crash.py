"""Killed at any moment, or run twice at once: the old index or the new one, never half of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.settings import Settings
from corpus.load import Corpus
from tests.ingest.test_build import ingest, opened

#: For every number it reads, a child that kills itself at so many steps that change something on disk.
KILLED = """
import os, signal, sys
from pathlib import Path
import chromadb, langchain_chroma
from assistant.settings import Settings
from corpus.load import load_corpus
import ingest.build as build, ingest.storage as storage
from tests.fakes import KeywordEncoder

settings = Settings(corpus=Path(sys.argv[1]), data_dir=Path(sys.argv[2]))
count = moment = 0

def step():
    global count
    count += 1
    if count == moment:
        os.kill(os.getpid(), signal.SIGKILL)

def stepping(function):
    def wrapped(*a, **k):
        step()
        result = function(*a, **k)
        step()
        return result
    return wrapped

build._fill, build.replace_text, build._tidy = map(stepping, (build._fill, build.replace_text, build._tidy))
Path.rename, Path.replace = stepping(Path.rename), stepping(Path.replace)
for line in sys.stdin:
    moment = int(line)
    child = os.fork()
    if child == 0:
        build.ingest(load_corpus(settings.corpus), settings, force=True, open_encoder=lambda _: KeywordEncoder())
        os._exit(100 + count)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Killed:
    """Ingests in processes of their own that end at a chosen step."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-W", "ignore", "-c", KILLED, str(settings.corpus), str(settings.data_dir)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MCOF_")} | {"PYTHONPATH": "."}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip

    def at(self, moment: int) -> int:
        """Exit status of an ingest that is killed at that step; 100 and the number of steps when it got through."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{moment}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture
def killed(plain_settings: Settings) -> Iterator[Killed]:
    killed = Killed(plain_settings)
    yield killed
    killed.close()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")


@needs_fork
def test_killed_at_every_step_the_index_stays_whole(
    plain_corpus: Corpus, plain_settings: Settings, killed: Killed
) -> None:
    """Before and after: filling, the rename of the store, the manifest (write and rename), the tidying."""
    ingest(plain_corpus, plain_settings)
    for moment in range(1, 11):
        assert killed.at(moment) == -signal.SIGKILL
        assert opened(plain_corpus, plain_settings)[1] == 12
    assert killed.at(11) == 110
    (folder,) = (plain_settings.data_dir / "index" / "lighthouse").iterdir()
    assert len(list(folder.iterdir())) == 2, "what the killed ones left behind is gone"


@needs_fork
def test_killed_during_the_first_ingest_there_is_none_and_the_next_builds_it(
    plain_corpus: Corpus, plain_settings: Settings, killed: Killed
) -> None:
    assert killed.at(2) == -signal.SIGKILL
    assert ingest(plain_corpus, plain_settings).built
    assert opened(plain_corpus, plain_settings)[1] == 12


#: One ingest with the embedder that knows words only.
PLAIN = """
import sys
from pathlib import Path
from assistant.settings import Settings
from corpus.load import load_corpus
from ingest.build import ingest
from tests.fakes import KeywordEncoder
settings = Settings(corpus=Path(sys.argv[1]), data_dir=Path(sys.argv[2]))
encoder = KeywordEncoder()
report = ingest(load_corpus(settings.corpus), settings, force="--force" in sys.argv, open_encoder=lambda _: encoder)
print("built" if report.built else "there")
"""


def started(settings: Settings, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PLAIN, str(settings.corpus), str(settings.data_dir), *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MCOF_")} | {"PYTHONPATH": "."}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_at_any_time(plain_corpus: Corpus, plain_settings: Settings) -> None:
    """Not at a chosen step but after so many tenths of a second."""
    ingest(plain_corpus, plain_settings)
    for tenths in range(5, 45):
        process = started(plain_settings, "--force")
        try:
            process.wait(tenths / 10)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert opened(plain_corpus, plain_settings)[1] == 12


def test_two_at_once_do_the_work_once(plain_corpus: Corpus, plain_settings: Settings) -> None:
    both = [started(plain_settings) for _ in range(2)]
    said = sorted(p.communicate()[0].strip() for p in both)
    assert [p.returncode for p in both] == [0, 0]
    assert said == ["built", "there"]
    assert opened(plain_corpus, plain_settings)[1] == 12


def test_a_reader_while_the_index_is_replaced(plain_corpus: Corpus, plain_settings: Settings) -> None:
    """Reading the manifest, then finding its store gone, is no damage: the new one is read."""
    from assistant import index

    ingest(plain_corpus, plain_settings)
    real = index._from_folder
    calls = []

    def replaced_meanwhile(folder: Path, manifest: index.Manifest, records: object) -> object:
        if not calls:
            calls.append(manifest.store)
            ingest(plain_corpus, plain_settings, force=True)
        return real(folder, manifest, records)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_from_folder", replaced_meanwhile)
        patch.setattr("ingest.build._is_there", lambda *_: False)  # the ingest inside must not come back here
        assert opened(plain_corpus, plain_settings)[1] == 12
    assert calls
