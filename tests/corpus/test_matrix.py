"""The matrix: what a cell holds, how it is exported and imported, and how it is proved."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InputError
from corpus.load import Corpus, load_corpus
from corpus.matrix import Cell, Matrix
from corpus.matrix_files import COLUMNS, cell_rows, check_matrix, evidence_rows, import_levels, inert, render
from corpus.types import CRISES, PHASES, SECTOR_NUMBERS, DiagramLevel, Evidence


def evidence(basis: str, level: str | None, word: str) -> Evidence:
    return Evidence("health", "during", 4, basis, level, word, "¶1", word, "", "")  # type: ignore[arg-type]


def test_the_strongest_evidence_decides() -> None:
    """Stated before interpreted before emphasised before mentioned; within one, the higher level."""
    rows = [
        evidence("mentioned", None, "can focus on"),
        evidence("interpreted", "critical", "crucial"),
        evidence("stated", "important", "important"),
        evidence("stated", "critical", "critical"),
        evidence("emphasised", None, "necessary"),
    ]
    cell = Matrix.build(rows).cell("health", "during", 4)
    assert [e.word for e in cell.evidence] == ["critical", "important", "crucial", "necessary", "can focus on"]
    assert (cell.level, cell.basis) == ("critical", "stated")


def test_a_level_of_the_diagram_stands_beside_the_prose() -> None:
    read = DiagramLevel("health", "during", 4, "recommended", "A. Reader", "2026-03-31", "original")
    cell = Matrix.build([evidence("stated", "critical", "critical")], [read]).cell("health", "during", 4)
    assert (cell.level, cell.basis, cell.prose_level, cell.prose_basis) == (
        "recommended", "diagram", "critical", "stated",
    )  # fmt: skip
    assert cell.conflict
    agreeing = Matrix.build([evidence("stated", "critical", "critical")], [replace(read, level="critical")])
    assert not agreeing.conflicts()


def test_evidence_in_the_wrong_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="evidence for health/during/4"):
        Cell("health", "after", 4, (evidence("mentioned", None, "x"),))


def test_cells_are_in_document_order_and_complete(corpus: Corpus) -> None:
    assert [c.key for c in corpus.matrix.cells] == list(product(CRISES, PHASES, SECTOR_NUMBERS))
    for cell in corpus.matrix.cells:
        assert corpus.matrix.cell(*cell.key) is cell
    with pytest.raises(KeyError):
        corpus.matrix.cell("health", "during", 16)


def test_what_the_prose_supports(corpus: Corpus) -> None:
    """Counted by two independent readings of Annex I ¶5-34 (docs/matrix-reading.md)."""
    cells = corpus.matrix.cells
    assert Counter(c.basis for c in cells) == {
        "not_stated": 162, "stated": 32, "interpreted": 18, "emphasised": 6, "mentioned": 7,
    }  # fmt: skip
    assert Counter(c.level for c in cells if c.level) == {"critical": 26, "important": 24}
    assert {s for s in SECTOR_NUMBERS if not any(c.evidence for c in cells if c.sector_no == s)} == {14}
    assert sum(bool(c.strongest and c.strongest.condition) for c in cells) == 15


#: Cells where others go wrong: the key, level, basis, word and condition.
KNOWN = [
    ("man_made", "during", 3, "critical", "stated", "critical", ""),
    ("man_made", "before", 11, "important", "stated", "will be important",
     "If a country has many third-country nationals"),
    ("man_made", "during", 15, None, "mentioned", "usually coordinated through", ""),
    ("sudden_onset", "during", 15, "critical", "stated", "critical", ""),
    ("slow_onset", "before", 8, "critical", "stated", "most critical", ""),
    ("slow_onset", "during", 9, "important", "stated", "important", ""),
    ("protracted", "after", 5, "important", "interpreted", "significant", ""),
    ("health", "before", 4, None, "emphasised", "primarily focus on", ""),
    ("health", "during", 2, "critical", "stated", "critical", ""),
    ("health", "during", 1, None, "not_stated", "", ""),
    ("sudden_onset", "before", 11, None, "not_stated", "", ""),
]  # fmt: skip


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: "/".join(map(str, k[:3])))
def test_known_cells(corpus: Corpus, known: tuple[str, str, int, str | None, str, str, str]) -> None:
    cell = corpus.matrix.cell(*known[:3])  # type: ignore[arg-type]
    strongest = cell.strongest
    found = (cell.level, cell.basis, strongest.word if strongest else "", strongest.condition if strongest else "")
    assert found == known[3:]


def test_the_matrix_of_the_framework_holds(corpus: Corpus) -> None:
    assert check_matrix(corpus) == []


PLANTED = {
    "wrong scenario": (0, {"crisis": "health"}, "does not stand under 'Health crisis"),
    "wrong phase": (0, {"phase": "after"}, "does not speak of the phase 'after'"),
    "an echo of nothing": (3, {"word": "vulnerable"}, "echoes no definition of critical"),
    "a weighing word without level": (
        3, {"basis": "emphasised", "level": None}, "gives a level, yet the basis is emphasised"),
    "a condition from elsewhere": (0, {"condition": "are also crucial"}, "does not stand in the sentence of the quote"),
    "a quote from elsewhere": (0, {"ref": "Annex I ¶9"}, "the quote does not stand in Annex I ¶9"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "change", "told"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_error_is_told(corpus: Corpus, row: int, change: dict[str, object], told: str) -> None:
    rows = list(corpus.evidence)
    rows[row] = replace(rows[row], **change)  # type: ignore[arg-type]
    problems = check_matrix(replace(corpus, evidence=tuple(rows)))
    assert any(told in p and f"row {row + 2}:" in p for p in problems), problems


def test_a_sentence_that_nobody_read_is_told(corpus: Corpus) -> None:
    left = tuple(e for e in corpus.evidence if not (e.ref == "Annex I ¶33" and e.sector_no in (11, 15)))
    problems = check_matrix(replace(corpus, evidence=left))
    assert len(problems) == 1
    assert problems[0].startswith("Annex I ¶33 weighs something with the word 'important' that no row reads")


def test_rows_out_of_order_are_told(corpus: Corpus) -> None:
    problems = check_matrix(replace(corpus, evidence=corpus.evidence[::-1]))
    assert any("not in document order" in p for p in problems)


# --- files ----------------------------------------------------------------------------------


def test_export_has_all_cells_in_every_form(corpus: Corpus) -> None:
    rows = cell_rows(corpus)
    assert len(rows) == 225
    assert all(tuple(row) == COLUMNS for row in rows)
    read = list(csv.DictReader(io.StringIO(render(rows, "csv"))))
    assert [r["level"] for r in read] == [c.level or "" for c in corpus.matrix.cells]
    assert json.loads(render(rows, "json")) == rows
    markdown = render(rows, "md").splitlines()
    assert len(markdown) == 227
    assert {line.replace("\\|", "").count("|") for line in markdown} == {len(COLUMNS) + 1}


def test_export_of_evidence_has_every_row(corpus: Corpus) -> None:
    rows = evidence_rows(corpus)
    assert Counter((r["ref"], r["quote"], r["word"]) for r in rows) == Counter(
        (e.ref, e.quote, e.word) for e in corpus.evidence
    )


@given(st.text(max_size=12))
def test_no_exported_cell_is_a_formula(text: str) -> None:
    """A spreadsheet runs what begins with = + - @, also after white space."""
    shown = inert(text)
    assert shown.strip()[:1] not in ("=", "+", "-", "@")
    assert shown.endswith(text)


def test_ordinary_text_is_exported_as_it_is() -> None:
    assert inert("stated") == "stated"
    assert inert(None) == ""
    assert inert(3) == "3"
    assert inert("=1+1") == "'=1+1"


HEAD = "crisis,phase,sector_no,level,read_by,read_on,edition\n"


def imported(tmp_path: Path, rows: str, **options: bool) -> Corpus:
    store, file = tmp_path / "store" / "levels.csv", tmp_path / "levels.csv"
    file.write_text(HEAD + rows, encoding="utf-8")
    import_levels(load_corpus(diagram=store), file, store, **options)
    return load_corpus(diagram=store)


def test_import_keeps_the_prose_and_lists_conflicts(tmp_path: Path) -> None:
    rows = "health,during,4,recommended,A,2026-03-31,E\nhealth,during,1,critical,A,2026-03-31,E\n"
    corpus = imported(tmp_path, rows)
    assert [c.key for c in corpus.matrix.conflicts()] == [("health", "during", 4)]
    assert corpus.matrix.cell("health", "during", 1).basis == "diagram"
    row = next(r for r in cell_rows(corpus) if (r["crisis"], r["phase"], r["sector_no"]) == ("health", "during", 4))
    assert (row["level"], row["basis"], row["prose_level"], row["prose_basis"]) == (
        "recommended", "diagram", "critical", "stated",
    )  # fmt: skip
    assert row["note"] == "read off the diagram by A on 2026-03-31 (E)"


def test_a_second_import_adds_and_corrects_cell_by_cell(tmp_path: Path) -> None:
    imported(tmp_path, "health,during,1,critical,A,2026-03-31,E\n")
    corpus = imported(
        tmp_path, "health,during,1,important,B,2026-04-01,E\nman_made,before,1,important,B,2026-04-01,E\n"
    )
    assert [(d.crisis, d.level, d.read_by) for d in corpus.diagram] == [
        ("man_made", "important", "B"), ("health", "important", "B"),
    ]  # fmt: skip
    assert [
        d.crisis for d in imported(tmp_path, "slow_onset,after,2,critical,C,2026-04-02,E\n", replace=True).diagram
    ] == ["slow_onset"]


def test_a_bad_import_changes_nothing(tmp_path: Path) -> None:
    before = imported(tmp_path, "health,during,1,critical,A,2026-03-31,E\n").diagram
    with pytest.raises(InputError, match=r"levels\.csv, row 3, column 'level': 'vital'"):
        imported(tmp_path, "health,during,1,important,A,2026-03-31,E\nhealth,during,2,vital,A,2026-03-31,E\n")
    assert load_corpus(diagram=tmp_path / "store" / "levels.csv").diagram == before


def test_a_missing_file_to_import_is_told(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv is missing"):
        import_levels(corpus, tmp_path / "nowhere.csv", tmp_path / "store.csv")
