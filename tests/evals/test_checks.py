"""The gate's checks on records made by hand: what turns it red, and in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import CheckFailedError, DatasetError, InputError
from corpus.load import Corpus
from evals import cells, gate
from evals.cells import CellFault
from evals.checks import Measured, Reference, Thresholds, check, named, require
from evals.measure import Record
from evals.replies import Cited
from evals.systems import Response
from tests.evals.fakes import GOOD, REFUSED, SHELTER, WRONG, item, record, refusal

NONE = Thresholds()


def measured(records: Sequence[Record], words: Mapping[str, float] | None = None) -> Measured:
    return Measured(tuple(records), words or {})


def reference(now: Measured) -> Reference:
    return {str(row["id"]): row for row in gate.reference_lines(now)}


def healthy(corpus: Corpus, n: int = 40) -> list[Record]:
    good = [record(corpus, item(f"i{i}")) for i in range(n)]
    return [*good, *(record(corpus, refusal(f"r{i}"), REFUSED) for i in range(5))]


def test_the_same_again_is_green(corpus: Corpus) -> None:
    now = measured(healthy(corpus), {"i0": 1.0})
    assert check(now, reference(now), Thresholds({"passed": 1.0}, {"false_refusal_rate": 0.0})) == []
    require([])


def test_one_matrix_answer_is_enough(corpus: Corpus) -> None:
    before = reference(measured(healthy(corpus)))
    now = measured([record(corpus, item("i0"), WRONG), *healthy(corpus)[1:]])
    assert check(now, before, NONE) == [
        "1 matrix question that was right is wrong now: i0 (lacks 'crucial').",
    ]


def test_one_misattributed_quote_is_enough(corpus: Corpus) -> None:
    """The words are the document's, but they stand elsewhere."""
    moved = replace(GOOD, citations=(Cited("Annex I ¶14", SHELTER),))
    before = reference(measured(healthy(corpus)))
    found = check(measured([record(corpus, item("i0"), moved), *healthy(corpus)[1:]]), before, NONE)
    assert found == ["1 reply cites words that do not stand at the place named: i0 (Annex I ¶14)."]


def test_one_dropped_refusal_is_enough(corpus: Corpus) -> None:
    before = reference(measured(healthy(corpus)))
    now = measured([*healthy(corpus)[:-1], record(corpus, refusal("r4"))])
    why = "answered (grounded) though the document does not say"
    assert check(now, before, NONE) == [f"1 question that was refused rightly is not any more: r4 ({why})."]


def test_a_new_false_refusal(corpus: Corpus) -> None:
    facts = [record(corpus, item(f"i{i}", kind="fact")) for i in range(3)]
    before = reference(measured(facts))
    now = measured([*facts[:2], record(corpus, item("i2", kind="fact"), REFUSED)])
    assert check(now, before, NONE) == ["False refusals rose from 0 to 1; new: i2."]


def test_another_false_refusal_instead_of_an_old_one_is_no_rise(corpus: Corpus) -> None:
    facts = [item(f"i{i}", kind="fact") for i in range(3)]
    before = reference(measured([record(corpus, facts[0], REFUSED), *(record(corpus, i) for i in facts[1:])]))
    now = measured([*(record(corpus, i) for i in facts[:2]), record(corpus, facts[2], REFUSED)])
    assert check(now, before, NONE) == []


def test_a_wrong_cell_names_itself(corpus: Corpus) -> None:
    fault = CellFault(("health", "during", 5), "stated critical", "stated important")
    now = replace(measured(healthy(corpus)), faults=(fault,), cells=225)
    assert check(now, reference(now), NONE) == [
        "1 matrix cell of 225 answered wrongly: health/during/5 (stated critical expected, stated important found).",
    ]


def test_exactness_over_all_cells(corpus: Corpus) -> None:
    expected = cells.expected_for(corpus)
    fault = CellFault(("health", "during", 5), "stated critical", "nothing")
    assert cells.exactness([fault], expected) == {"value": round(224 / 225, 4), "n": 225, "wrong": ["health/during/5"]}
    assert cells.exactness([], {}) is None
    assert cells.expected_for(replace(corpus, evidence=())) == {}


def test_a_number_that_falls_beyond_its_interval(corpus: Corpus) -> None:
    """Ten of forty ranks fall from 1 to 1/2; one of forty stays within the interval."""
    records = [record(corpus, item(f"i{i}", kind="fact")) for i in range(40)]
    before = reference(measured(records, {r.item.id: 1.0 for r in records}))
    ranks = {r.item.id: 0.5 if i < 10 else 1.0 for i, r in enumerate(records)}
    found = check(measured(records, ranks), before, NONE)
    assert len(found) == 1
    assert found[0].startswith(
        "MRR@10 of the search by words alone (tokeniser, stemmer, BM25) fell from 1.000 to 0.875 (95% interval"
    )
    assert found[0].endswith("i0, i1, i2, i3, i4, i5, i6, i7, i8, i9.")
    assert check(measured(records, ranks | {f"i{i}": 1.0 for i in range(1, 10)}), before, NONE) == []


def test_thresholds(corpus: Corpus) -> None:
    now = measured([record(corpus, item("a", kind="fact")), record(corpus, item("b", kind="fact"), WRONG)])
    limits = Thresholds({"passed": 0.9, "abstention_recall": 0.9}, {"words_median": 2})
    assert check(now, reference(now), limits) == [
        "Right (passed) is 0.500, below the minimum of 0.900; not perfect: b.",
        "Abstention recall is undefined, below the minimum of 0.900.",
        "Words median is 3.000, above the maximum of 2.000.",
    ]


def test_new_items_are_measured_but_not_compared(corpus: Corpus) -> None:
    assert check(measured([record(corpus, item("new"), WRONG)]), {}, NONE) == []


def test_red_is_an_error_with_every_sentence() -> None:
    with pytest.raises(CheckFailedError, match=r"The gate is red\. One\. Two\."):
        require(["One.", "Two."])


def test_many_items_are_cut() -> None:
    assert named(str(i) for i in range(14)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"


def test_accepting_a_loss_needs_a_reason(tmp_path: Path, corpus: Corpus) -> None:
    """Giving up an item that was right is possible, but never by the way."""
    reference_file, toml = tmp_path / "gate.jsonl", tmp_path / "gate.toml"
    toml.write_text("[minimum]\npassed = 0.5\n", encoding="utf-8")
    before = reference(measured(healthy(corpus)))
    now = measured([record(corpus, item("i0"), WRONG), *healthy(corpus)[1:]])
    with pytest.raises(InputError, match=r"1 item would be given up \(i0\); say why with --reason\."):
        gate.accept(now, before, "", path=reference_file, toml=toml)
    gate.accept(now, before, 'the text says "vital"', path=reference_file, toml=toml)
    assert gate.read_reference(reference_file) == reference(now)
    assert gate.read_thresholds(toml).minimum == {"passed": 0.5}
    assert 'reason = "the text says \\"vital\\""\nitems = ["i0"]' in toml.read_text(encoding="utf-8")


def test_a_wrong_quote_cannot_be_accepted(tmp_path: Path, corpus: Corpus) -> None:
    bad = Response("x", "grounded", (Cited("¶1", "not there"),))
    with pytest.raises(CheckFailedError, match="words that do not stand at the place named"):
        gate.accept(measured([record(corpus, item(), bad)]), {}, "why not", path=tmp_path / "gate.jsonl")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[minimum]\npased = 1\n", "gate.toml, [minimum]: there is no number 'pased'."),
        ("[minimum", "gate.toml cannot be read"),
    ],
)
def test_a_threshold_file_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        gate.read_thresholds(path)
    assert str(caught.value).startswith(message)


def test_committed_files_belong_together(corpus: Corpus) -> None:
    """Every dev item has its line in the reference, and every cell of the matrix its row."""
    from evals.dataset import load_dataset

    assert set(gate.read_reference()) == {i.id for i in load_dataset() if i.split == "dev"}
    assert cells.read_cells() == {c.key: (c.prose_basis, c.prose_level or "") for c in corpus.matrix.cells}
    assert gate.read_thresholds().minimum["quote_fidelity"] == 1
