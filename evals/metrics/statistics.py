"""How sure a number or a difference is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics import Undefined

#: Seed of every resampling: two reports of the same run are equal.
SEED = 20121012
#: Standard normal quantile of a two-sided 95% interval.
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided 95% interval, both ends included."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int, z: float = Z95) -> Interval:
    """Wilson's score interval of a share. Range 0 to 1; never empty, also at 0 or n successes.

    Raises:
        ValueError: n is 0, or the successes are not between 0 and n.

    Source: Wilson, JASA 22(158), 1927, https://doi.org/10.1080/01621459.1927.10502953
    """
    if n < 1:
        raise Undefined("undefined: a share of nothing")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is impossible")
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Interval(p, max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], *, resamples: int = 2000, seed: int = SEED
) -> Interval:
    """Mean of ``second - first`` over the same items, with the percentile interval of resampled items.

    Positive where the second is higher. Items are drawn with replacement, both
    values of an item together; the seed makes equal inputs give equal output.

    Raises:
        ValueError: the runs differ in length or are empty.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, 13.3;
    Koehn, EMNLP 2004, https://aclanthology.org/W04-3250
    """
    import numpy as np

    if len(first) != len(second):
        raise ValueError(f"runs of {len(first)} and {len(second)} items are not paired")
    if not first:
        raise Undefined("undefined: no items")
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(differences), size=(resamples, len(differences)))
    means = differences[draws].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(differences.mean()), float(low), float(high))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Two-sided p-value of McNemar's exact test: do two runs pass the same share of the same items?

    Only items that one passes and the other does not count; under the null
    hypothesis they fall either way like a fair coin. Range 0 to 1; 1.0 when no
    item differs.

    Raises:
        ValueError: the runs differ in length or are empty.

    Source: McNemar, Psychometrika 12(2), 1947, https://doi.org/10.1007/BF02295996;
    exact form: Edwards, Psychometrika 13(3), 1948.
    """
    if len(first) != len(second):
        raise ValueError(f"runs of {len(first)} and {len(second)} items are not paired")
    if not first:
        raise Undefined("undefined: no items")
    gained = sum(b and not a for a, b in zip(first, second, strict=True))
    lost = sum(a and not b for a, b in zip(first, second, strict=True))
    n = gained + lost
    if n == 0:
        return 1.0
    tail: float = sum(math.comb(n, i) for i in range(min(gained, lost) + 1)) / 2**n
    return min(1.0, 2 * tail)
