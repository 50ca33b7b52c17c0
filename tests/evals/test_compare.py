"""Two runs, item by item."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import DatasetError
from corpus.load import Corpus
from evals import store
from evals.compare import compare
from evals.store import StoredRun
from evals.systems import Response
from evals.tables import comparison_table
from tests.evals.fakes import GOOD, REFUSED, WRONG, item, record, refusal


def stored(tmp_path: Path, name: str, corpus: Corpus, responses: dict[str, Response]) -> StoredRun:
    records = [record(corpus, item(i) if i.startswith("i") else refusal(i), r) for i, r in responses.items()]
    store.write_run(tmp_path / name, records, store.summarise(records, corpus, dataset="s", system="x"))
    return store.read_run(tmp_path / name)


def test_what_was_gained_and_lost(tmp_path: Path, corpus: Corpus) -> None:
    before = stored(tmp_path, "before", corpus, {"i1": GOOD, "i2": WRONG, "i3": GOOD, "r1": REFUSED, "old": REFUSED})
    now = stored(tmp_path, "now", corpus, {"i1": GOOD, "i2": GOOD, "i3": REFUSED, "r1": GOOD, "new": REFUSED})
    found = compare(before, now)
    assert (found.items, found.gained, found.lost) == (4, ("i2",), ("i3", "r1"))
    assert found.other_status == (("i3", "grounded", "not_in_document"), ("r1", "not_in_document", "grounded"))
    # one gained, two lost: 2 * (C(3,0) + C(3,1)) / 8 = 1
    assert found.p_value == 1
    passed = found.differences[0]
    assert (passed.metric.name, passed.n, passed.first, passed.second) == ("passed", 4, 0.75, 0.5)
    assert "wrong now, right before (2): i3, r1" in comparison_table(found)


def test_a_difference_is_judged_by_its_interval(tmp_path: Path, corpus: Corpus) -> None:
    names = [f"i{n}" for n in range(40)]
    before = stored(tmp_path, "before", corpus, dict.fromkeys(names, WRONG))
    now = stored(tmp_path, "now", corpus, dict.fromkeys(names, GOOD))
    assert {d.metric.name: d.judgement for d in compare(before, now).differences}["passed"] == "better"
    assert {d.metric.name: d.judgement for d in compare(now, before).differences}["passed"] == "worse"
    assert {d.judgement for d in compare(now, now).differences} == {"no clear difference"}


def test_runs_of_different_texts_cannot_be_compared(tmp_path: Path, corpus: Corpus) -> None:
    """A revision of the document makes other answers right; a difference would mean nothing."""
    other = replace(corpus, source=corpus.source + " ")
    ours, theirs = stored(tmp_path, "ours", corpus, {"i1": GOOD}), stored(tmp_path, "theirs", other, {"i1": GOOD})
    with pytest.raises(DatasetError) as caught:
        compare(theirs, ours)
    symbol = corpus.info.symbol
    assert str(caught.value) == (
        f"The run 'theirs' was made with another corpus ({symbol}, text {other.source_sha256[:8]}) than 'ours' "
        f"({symbol}, text {corpus.source_sha256[:8]}); the two cannot be compared."
    )


def test_runs_without_a_common_item(tmp_path: Path, corpus: Corpus) -> None:
    one, two = stored(tmp_path, "one", corpus, {"i1": GOOD}), stored(tmp_path, "two", corpus, {"i2": GOOD})
    with pytest.raises(DatasetError, match="have no dev item in common"):
        compare(one, two)
