"""The learned models' view of words: sparse rows, and the two forms of a ridge regression."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.stemvectors import StemVectors, kernel, primal

TEXTS = ["tents after the flood", "tents after the war", "who leads after the war", "a word alone"]


@pytest.mark.parametrize("counted", [True, False])
def test_a_row_of_the_matrix_is_the_vector_of_its_text(counted: bool) -> None:
    stems = StemVectors.fit(TEXTS, counted=counted)
    rows = stems.matrix(TEXTS).toarray()
    assert rows.shape == (4, len(stems.terms))
    # unit length, or zeros where no term occurs in another text
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1, 1, 1, 0])
    for text, row in zip(TEXTS, rows, strict=True):
        assert stems.dot(text, np.eye(len(stems.terms))).tolist() == pytest.approx(row.tolist())


def test_weights_of_the_texts_and_of_the_terms_score_alike() -> None:
    stems = StemVectors.fit(TEXTS, counted=True)
    matrix = stems.matrix(TEXTS)
    vectors = np.eye(4, 3, dtype=np.float32)
    dual = np.array([0.5, -1.0, 2.0, 0.25])
    dense = np.hstack([vectors, matrix.toarray(), np.ones((4, 1))])
    assert np.allclose(kernel(vectors, matrix), dense @ dense.T)
    assert np.allclose(primal(vectors, matrix, dual), dense.T @ dual)
    assert np.allclose(primal(vectors, matrix, dual[:, None])[:, 0], dense.T @ dual)
