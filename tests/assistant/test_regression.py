"""The regressions, held against solutions worked out the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.regression import leave_one_out, logistic, probability, ridge


def rows_and_labels(seed: int, n: int = 12, dim: int = 5, several: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.normal(size=(n, dim)), chance.normal(size=(n, several) if several else n)


def primal_ridge(rows: np.ndarray, labels: np.ndarray, penalty: float) -> np.ndarray:
    """The textbook's normal equations: ``(X'X + penalty I) w = X'y``."""
    return np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ labels)


@pytest.mark.parametrize("several", [0, 3], ids=["one label", "three labels"])
@pytest.mark.parametrize("penalty", [0.1, 1.0, 30.0])
def test_the_dual_is_the_textbooks_ridge(penalty: float, several: int) -> None:
    rows, labels = rows_and_labels(1, several=several)
    dual = ridge(rows @ rows.T, labels, penalty)
    assert dual.shape == labels.shape
    assert np.allclose(rows.T @ dual, primal_ridge(rows, labels, penalty))


def test_ridge_of_one_number_by_hand() -> None:
    """Rows 1 and 2, labels 1 and 4, penalty 1: w = (1*1 + 2*4) / (1*1 + 2*2 + 1) = 9 / 6."""
    rows = np.array([[1.0], [2.0]])
    dual = ridge(rows @ rows.T, np.array([1.0, 4.0]), 1.0)
    assert (rows.T @ dual).tolist() == pytest.approx([1.5])


@pytest.mark.parametrize("several", [0, 3], ids=["one label", "three labels"])
def test_leave_one_out_is_learning_again_without_each(several: int) -> None:
    rows, labels = rows_and_labels(2, several=several)
    dual, left_out = leave_one_out(rows @ rows.T, labels, 0.7)
    assert np.allclose(dual, ridge(rows @ rows.T, labels, 0.7))
    for i in range(len(rows)):
        others = np.arange(len(rows)) != i
        assert np.allclose(left_out[i], rows[i] @ primal_ridge(rows[others], labels[others], 0.7)), i


def test_products_are_overwritten() -> None:
    """A corpus' kernel has tens of millions of numbers: there is room for one."""
    rows, labels = rows_and_labels(3)
    products = rows @ rows.T
    before = products.copy()
    leave_one_out(products, labels, 1.0)
    assert not np.array_equal(products, before)


def test_what_can_be_told_apart_is() -> None:
    rows = np.array([[-2.0, 5.0], [-1.0, 5.0], [-1.5, 5.0], [1.0, 5.0], [2.0, 5.0], [1.5, 5.0]])
    fitted = logistic(rows, np.array([0.0, 0, 0, 1, 1, 1]))
    found = [probability(row, fitted) for row in rows]
    assert max(found[:3]) < 0.35
    assert min(found[3:]) > 0.65
    assert probability([0.0, 5.0], fitted) == pytest.approx(0.5, abs=1e-6)
    assert fitted[2][1] == pytest.approx(0, abs=1e-9)  # a number that never changes says nothing


def test_weights_are_where_the_slope_is_flat() -> None:
    """At the optimum the gradient of loss and penalty is zero: for each weight, sum(x (p - y) / share) = -weight."""
    rows, labels = rows_and_labels(4, n=60, dim=3)
    labels = (labels + rows[:, 0] > 0.4).astype(float)
    mean, scale, weights = logistic(rows, labels)
    x = np.hstack([(rows - mean) / scale, np.ones((60, 1))])
    p = 1 / (1 + np.exp(-x @ weights))
    share = np.where(labels > 0, 30 / labels.sum(), 30 / (60 - labels.sum()))
    assert np.allclose(x.T @ (share * (p - labels)), [*-weights[:3], -1e-6 * weights[3]], atol=1e-5)


def test_classes_count_alike() -> None:
    """Two rows in three are 0, whatever the feature says: not knowing is one half, not a third."""
    chance = np.random.default_rng(5)
    rows = np.repeat(chance.normal(size=(100, 1)), 3, axis=0)
    labels = np.tile([0.0, 0.0, 1.0], 100)
    fitted = logistic(rows, labels)
    assert probability([0.3], fitted) == pytest.approx(0.5, abs=1e-6)


FITTED = (np.array([0.5, -1.0]), np.array([1e-6, 2.0]), np.array([3.0, -4.0, 0.25]))


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=2))
def test_a_probability_is_between_0_and_1(values: list[float]) -> None:
    """A feature far from all that was learned from made exp() overflow, with a warning in every log."""
    assert 0 <= probability(values, FITTED) <= 1


def test_a_probability_by_hand() -> None:
    """The score is 3 * 0 - 4 * (1 + 1) / 2 + 0.25 = -3.75, the probability 1 / (1 + e^3.75) = 0.02298."""
    assert probability([0.5, 1.0], FITTED) == pytest.approx(0.02298, abs=1e-5)
