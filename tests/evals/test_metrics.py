"""Answers, citations, abstention and statistics against hand-worked numbers."""

import pytest
from scipy import stats

from evals.metrics import Undefined
from evals.metrics.abstention import (
    RiskPoint,
    abstention_precision,
    abstention_recall,
    area_under_risk_coverage,
    false_refusal_rate,
    risk_coverage,
)
from evals.metrics.answers import agreement, fact_recall, matrix_exactness, mean, middle, pass_rate, quantile
from evals.metrics.citations import (
    Statement,
    citation_precision,
    citation_recall,
    citation_validity,
    gold_hit,
    gold_precision,
    gold_recall,
    quote_fidelity,
    supports,
)
from evals.metrics.statistics import Interval, mcnemar, paired_bootstrap, wilson

UNDEFINED = [
    lambda: mean([]),
    lambda: middle([]),
    lambda: quantile([], 0.5),
    lambda: fact_recall(0, 0),
    lambda: pass_rate([]),
    lambda: matrix_exactness({}, {}),
    lambda: agreement([], []),
    lambda: citation_validity([], {"¶1"}),
    lambda: quote_fidelity([], {}),
    lambda: gold_precision([], ["¶1"]),
    lambda: gold_recall(["¶1"], []),
    lambda: gold_hit(["¶1"], []),
    lambda: citation_recall([]),
    lambda: citation_precision([Statement("words without a source")]),
    lambda: abstention_precision([True], [False]),
    lambda: abstention_recall([True], [False]),
    lambda: false_refusal_rate([False], [False]),
    lambda: risk_coverage([], []),
    lambda: area_under_risk_coverage([]),
    lambda: wilson(0, 0),
    lambda: paired_bootstrap([], []),
    lambda: mcnemar([], []),
]


@pytest.mark.parametrize("call", UNDEFINED)
def test_undefined_is_an_error_and_never_zero(call: object) -> None:
    with pytest.raises(Undefined, match="undefined"):
        call()  # type: ignore[operator]


def test_answers() -> None:
    assert fact_recall(2, 3) == pytest.approx(2 / 3)
    assert pass_rate([True, False, True, True]) == 0.75
    assert agreement(["a", "b", "c"], ["a", "x", "c"]) == pytest.approx(2 / 3)
    # nearest rank: 0.5 * 4 = 2nd, 0.95 * 4 = 3.8 so the 4th
    assert (quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.95), middle([4, 1, 3, 2])) == (2, 4, 2.5)
    with pytest.raises(ValueError, match="3 of 2 groups"):
        fact_recall(3, 2)
    with pytest.raises(ValueError, match="1 and 2 replies"):
        agreement(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        quantile([1], 0)


def test_matrix_exactness_counts_missing_and_surplus_cells() -> None:
    """Of a, b, c, d: a is right, b has another level, c is missing, d should not be there."""
    expected = {"a": ("stated", "critical"), "b": ("stated", "important"), "c": ("mentioned", "")}
    shown = {"a": ("stated", "critical"), "b": ("stated", "critical"), "d": ("stated", "critical")}
    assert matrix_exactness(expected, shown) == 1 / 4


def test_citations_by_label() -> None:
    assert citation_validity(["¶1", "¶99"], {"¶1"}) == 0.5
    passages = {"¶1": "IOM leads the cluster.", "¶2": "Others follow."}
    # verbatim; another passage's words; empty; unknown label
    pairs = [("¶1", "leads the cluster"), ("¶2", "leads the cluster"), ("¶1", ""), ("¶9", "x")]
    assert quote_fidelity(pairs, passages) == 1 / 4
    assert gold_precision(["¶1", "¶2", "¶2"], ["¶1", "¶3"]) == 1 / 2
    assert gold_recall(["¶1", "¶2"], ["¶1", "¶3", "¶4"]) == pytest.approx(1 / 3)
    assert (gold_hit(["¶2"], ["¶1"]), gold_hit(["¶1", "¶2"], ["¶1"])) == (0, 1)


@pytest.mark.parametrize(
    ("statement", "sources", "expected"),
    [
        (
            "IOM helped 35,000 workers leave Lebanon.",
            ["In 2006 IOM helped 35,000 foreign workers to leave Lebanon."],
            True,
        ),
        (
            "IOM helped 53,000 workers leave Lebanon.",
            ["In 2006 IOM helped 35,000 foreign workers to leave Lebanon."],
            False,
        ),
        ("Shelter is critical.", ["Border management is important."], False),
        ("Shelter is critical.", ["Shelter matters.", "It is critical."], True),
        ("Shelters are not critical.", ["Shelter is critical."], True),  # a limit: negation is not seen
        ("It is so.", ["Anything."], True),
    ],
    ids=["restated", "figure", "other", "together", "negation", "empty"],
)
def test_lexical_support(statement: str, sources: list[str], expected: bool) -> None:
    assert supports(statement, sources) is expected


def test_alce_recall_and_precision() -> None:
    """Four statements, five citations.

    1: supported by its one citation                        recall 1, precise 1 of 1
    2: needs both citations                                 recall 1, precise 2 of 2
    3: the second citation is irrelevant, the first enough  recall 1, precise 1 of 2
    4: not cited                                            recall 0
    """
    statements = [
        Statement("shelter critical", ("shelter is critical",)),
        Statement("shelter critical, health important", ("shelter is critical", "health is important")),
        Statement("borders closed", ("borders were closed", "trees were planted")),
        Statement("nobody said so much"),
    ]
    assert citation_recall(statements) == 3 / 4
    assert citation_precision(statements) == 4 / 5


def test_an_unsupported_statement_makes_its_citations_imprecise() -> None:
    assert citation_precision([Statement("borders closed", ("trees were planted",))]) == 0


def test_abstention() -> None:
    """Of three unanswerable two are refused, of two answerable one."""
    answerable = [False, False, False, True, True]
    abstained = [True, True, False, True, False]
    assert abstention_precision(answerable, abstained) == pytest.approx(2 / 3)
    assert abstention_recall(answerable, abstained) == pytest.approx(2 / 3)
    assert false_refusal_rate(answerable, abstained) == 1 / 2


def test_risk_coverage_keeps_ties_together() -> None:
    """Confidences 0.9 right, 0.5 right, 0.5 wrong, 0.1 wrong."""
    points = risk_coverage([0.5, 0.9, 0.1, 0.5], [False, True, False, True])
    assert points == (RiskPoint(0.9, 0.25, 0.0), RiskPoint(0.5, 0.75, 1 / 3), RiskPoint(0.1, 1.0, 0.5))
    # 0.25 * 0 + 0.5 / 3 + 0.25 * 0.5
    assert area_under_risk_coverage(points) == pytest.approx(0.5 / 3 + 0.125)


def test_wilson_by_hand_and_against_scipy() -> None:
    """8 of 10: Wilson gives 0.490 to 0.943."""
    found = wilson(8, 10)
    assert (found.value, round(found.low, 3), round(found.high, 3)) == (0.8, 0.49, 0.943)
    theirs = stats.binomtest(8, 10).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert wilson(0, 5).low == 0
    assert wilson(5, 5).high == 1


def test_paired_bootstrap() -> None:
    first, second = [0.0, 0.0, 1.0, 1.0] * 25, [0.0, 1.0, 1.0, 1.0] * 25
    found = paired_bootstrap(first, second)
    assert found.value == 0.25
    # standard error of 100 differences of mean .25: sqrt(.25 * .75 / 100) = .0433
    assert found.low == pytest.approx(0.25 - 1.96 * 0.0433, abs=0.02)
    assert found.high == pytest.approx(0.25 + 1.96 * 0.0433, abs=0.02)
    assert found == paired_bootstrap(first, second)
    assert paired_bootstrap(first, first) == Interval(0, 0, 0)


def test_mcnemar_by_hand_and_against_scipy() -> None:
    """One lost and six gained: 2 * (C(7,0) + C(7,1)) / 2**7 = 0.125."""
    first = [True] + [False] * 6 + [True] * 10
    second = [False] + [True] * 6 + [True] * 10
    assert mcnemar(first, second) == 0.125 == pytest.approx(stats.binomtest(1, 7).pvalue)
    assert mcnemar(first, first) == 1
    assert mcnemar([False] * 2000, [True] * 2000) == 0, "two to the two thousandth is no floating point number"


@pytest.mark.parametrize("call", [lambda: mcnemar([True], []), lambda: paired_bootstrap([1.0], [])])
def test_unpaired_runs_are_an_error(call: object) -> None:
    with pytest.raises(ValueError, match="not paired"):
        call()  # type: ignore[operator]
