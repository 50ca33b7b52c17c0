"""The two regressions that the learned models are made of: ridge in the dual, judged leave-one-out, and logistic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Penalty of the logistic regression, over standardised features.
_PENALTY = 1.0


def ridge(products: Floats, labels: Floats, penalty: float | Floats) -> Floats:
    """Ridge regression in the dual: weights of the texts, of the shape of ``labels``.

    ``products`` are the texts' inner products, ``(n, n)``; they are overwritten. ``penalty`` is one for all texts or one a text.
    """
    import numpy as np
    from scipy.linalg import cho_factor, cho_solve

    products[np.diag_indices_from(products)] += penalty
    # symmetric, so its transpose is itself, and in the order that is solved in place: else half a gigabyte is copied
    factor = cho_factor(products.T, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, labels, check_finite=False))


def leave_one_out(products: Floats, labels: Floats, penalty: float) -> tuple[Floats, Floats]:
    """Ridge regression in the dual: weights of the texts, and each text's score when learned without it.

    ``products`` are the texts' inner products, ``(n, n)``; ``labels`` are ``(n,)`` or ``(n, k)``, as are the results.
    ``products`` is overwritten: beside its inverse there is room for nothing else.
    """
    import numpy as np
    from scipy.linalg import cho_factor, cho_solve
    from scipy.linalg.lapack import dpotri

    products[np.diag_indices_from(products)] += penalty
    factor, lower = cho_factor(products.T, lower=True, overwrite_a=True, check_finite=False)
    dual = np.asarray(cho_solve((factor, lower), labels, check_finite=False))
    inverse, failed = dpotri(factor, lower=lower, overwrite_c=True)
    if failed:  # cannot be: the ridge makes the matrix positive definite
        raise ArithmeticError("the kernel has no inverse")
    own = np.diag(inverse)
    return dual, labels - dual / (own if labels.ndim == 1 else own[:, None])


def logistic(rows: Floats, labels: Floats, rounds: int = 30) -> tuple[Floats, Floats, Floats]:
    """Mean, scale and weights of a logistic regression with an L2 penalty, by Newton's method.

    The classes count alike; the intercept is the last weight. For ``probability``.
    """
    import numpy as np

    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    x = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    balance = np.where(labels > 0, len(labels) / (2 * labels.sum()), len(labels) / (2 * (len(labels) - labels.sum())))
    penalty = np.diag([_PENALTY] * rows.shape[1] + [1e-6])
    weights = np.zeros(x.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (balance * (p - labels)) + penalty @ weights
        hessian = (x * (balance * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if float(np.abs(step).max()) < 1e-6:
            break
    return mean, scale, weights


def probability(values: Sequence[float] | Floats, fitted: tuple[Floats, Floats, Floats]) -> float:
    """What a fitted logistic regression makes of one row of features, 0 to 1."""
    import numpy as np

    mean, scale, weights = fitted
    z = float((np.asarray(values) - mean) / scale @ weights[:-1] + weights[-1])
    return float(1 / (1 + np.exp(-np.clip(z, -30, 30))))
