"""The reader: what was trained is what is run, and a file that is none is refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.encoder import PACKAGED_MODEL, PACKAGED_SHA256, OnnxEncoder, model_folder
from assistant.reader import READER, Reader, pooled
from corpus.errors import CorpusError
from corpus.load import DEFAULT_CORPUS

PAIRS = [
    ("Which were the 47 governments?", "During the Libyan crisis in 2011, IOM received requests from 47 governments."),
    ("tents", "IOM co-leads the shelter cluster."),
    ("x " * 300, "A question longer than the model reads is cut, the sentence beside it is not."),
]


def test_the_means_are_of_the_two_texts_alone() -> None:
    hidden = np.arange(24, dtype=np.float32).reshape(1, 6, 4)
    seen = np.array([[True, True, True, True, True, False]])
    second = np.array([[False, False, False, True, True, False]])
    expected = np.concatenate([hidden[0, 0], hidden[0, :3].mean(axis=0), hidden[0, 3:5].mean(axis=0)])
    assert np.array_equal(pooled(hidden, seen, second), expected[None])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A reader of random changes, and what PyTorch makes of the pairs with it."""
    import torch

    from ingest.reading import Pupil

    folder = tmp_path_factory.mktemp("reader")
    pupil = Pupil(model_folder(PACKAGED_MODEL), 1)
    with torch.no_grad():
        for _, high in pupil.changes.values():
            high.normal_(std=0.02)
        pupil.head.weight.normal_(std=0.05)
        pupil.head.bias.fill_(0.3)
    pupil.save(folder / READER, PACKAGED_SHA256)
    pupil.prepare(PAIRS, lambda stage, done, total: None)
    with torch.no_grad():
        return folder / READER, pupil.logits(PAIRS, training=False).numpy()


@pytest.mark.model
def test_what_was_trained_is_what_is_run(trained: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    from ingest.export import ensure_export

    path, expected = trained
    reader = Reader(ensure_export(tmp_path, PACKAGED_MODEL, path), path, PACKAGED_SHA256)
    for (question, sentence), logit in zip(PAIRS[:2], expected[:2], strict=True):
        assert reader.logits(question, [sentence]) == pytest.approx([logit], abs=0.02)  # 16 bits a number
    both = reader.logits(PAIRS[0][0], [PAIRS[0][1], PAIRS[1][1]])
    alone = [reader.logits(PAIRS[0][0], [s])[0] for s in (PAIRS[0][1], PAIRS[1][1])]
    assert both == pytest.approx(alone, abs=1e-4), "what stands beside a pair changes nothing"
    assert np.isfinite(reader.logits(*PAIRS[2][:1], [PAIRS[2][1]])).all()
    assert reader.logits("a question", []).shape == (0,)


@pytest.mark.model
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:1000]), "cannot be read"),
        (lambda p: np.savez(p, weights_sha256=np.array("other")), "belongs to another embedding model"),
        (lambda p: np.savez(p, weights_sha256=np.array(PACKAGED_SHA256)), "holds no reader"),
    ],
)
def test_a_file_that_is_no_reader_is_refused(
    trained: tuple[Path, np.ndarray], tmp_path: Path, exported: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    path = tmp_path / READER
    path.write_bytes(trained[0].read_bytes())
    damage(path)
    model = OnnxEncoder(next(p for p in exported.iterdir() if (p / "export.json").is_file()))
    with pytest.raises(CorpusError, match=sentence) as caught:
        Reader(model, path, PACKAGED_SHA256)
    assert "mcof adapt --reader --fresh" in str(caught.value.remedy)


def test_the_shipped_reader_is_for_the_packaged_weights() -> None:
    from assistant.adapter import read_adapter

    data = read_adapter(DEFAULT_CORPUS / READER, PACKAGED_SHA256)
    assert data["head.weight"].shape == (3 * 384,)
    assert (DEFAULT_CORPUS / READER).stat().st_size < 3_000_000
