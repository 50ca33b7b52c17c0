"""Broken files and rows: each stops with one sentence that names file, row, column, value and what is allowed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.load import DEFAULT_CORPUS, Corpus, load_corpus, read_diagram
from corpus.matrix import Matrix


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus, without the two long tables, to be broken."""
    folder = tmp_path_factory.mktemp("corpus") / "copy"
    shutil.copytree(DEFAULT_CORPUS, folder)
    for name in ("entry_points.csv", "lexicon.csv"):
        (folder / name).unlink()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


EVIDENCE = "crisis,phase,sector_no,basis,level,word,ref,quote,condition,note\n"
GOOD = (
    "health,during,4,stated,critical,critical,Annex I ¶33,is critical as well as addressing their immediate needs,,\n"
)

BROKEN = {
    "unknown key": (
        "evidence.csv", EVIDENCE + GOOD.replace("health", "war"),
        "evidence.csv, row 2, column 'crisis': 'war' is not allowed; expected 'man_made', 'sudden_onset', "
        "'slow_onset', "
        "'protracted' or 'health'.",
    ),
    "no such sector": (
        "evidence.csv", EVIDENCE + GOOD.replace(",4,", ",16,"),
        "evidence.csv, row 2, column 'sector_no': '16' is not allowed; expected a sector from 1 to 15.",
    ),
    "not a number": (
        "evidence.csv", EVIDENCE + GOOD.replace(",4,", ",four,"),
        "evidence.csv, row 2, column 'sector_no': 'four' is not allowed; expected a valid integer.",
    ),
    "unknown label": (
        "evidence.csv", EVIDENCE + GOOD.replace("¶33", "¶99"),
        "evidence.csv, row 2, column 'ref': 'Annex I ¶99' is not allowed; expected a label of the document, "
        "such as 'Annex I ¶15'.",
    ),
    "quote not in the text": (
        "evidence.csv", EVIDENCE + GOOD.replace("immediate", "urgent"),
        "evidence.csv, row 2, column 'quote': 'is critical as well as addressing their urgent needs' is not allowed; "
        "expected words that stand verbatim in Annex I ¶33.",
    ),
    "a level without a rating word": (
        "evidence.csv", EVIDENCE + GOOD.replace("stated", "mentioned"),
        "evidence.csv, row 2, column 'level': 'critical' is not allowed; expected nothing, because the basis is "
        "mentioned.",
    ),
    "a rating word without a level": (
        "evidence.csv", EVIDENCE + GOOD.replace("stated,critical", "stated,"),
        "evidence.csv, row 2, column 'level': '' is not allowed; expected one of critical, important, recommended, "
        "because the basis is stated.",
    ),
    "a word that is not in the quote": (
        "evidence.csv", EVIDENCE + GOOD.replace("critical,critical,", "critical,vital,"),
        "evidence.csv, row 2, column 'word': 'vital' is not allowed; expected the weighing word as it stands in "
        "the quote.",
    ),
    "stated by another word": (
        "evidence.csv", EVIDENCE + GOOD.replace("critical,critical,", "important,critical,"),
        "evidence.csv, row 2, column 'word': 'critical' is not allowed; expected the word 'important' itself, "
        "because the basis is stated.",
    ),
    "the same evidence twice": (
        "evidence.csv", EVIDENCE + GOOD + GOOD,
        "evidence.csv, row 3, column 'quote': the row has been there before (row 2).",
    ),
    "a cell too many": (
        "evidence.csv", EVIDENCE + GOOD.rstrip() + ",more\n",
        "evidence.csv, row 2, column '(whole row)': '11 cells' is not allowed; expected 10 cells, one for each column.",
    ),
    "an unknown column": (
        "phases.csv", "key,name,definition,ref,name_fr,name_es,quotation\n",
        "phases.csv, row 1, column 'quotation': 'key,name,definition,ref,name_fr,name_es,quotation' is not allowed; "
        "expected the columns key,name,definition,ref,name_fr,name_es,quote.",
    ),
    "an open quotation mark": (
        "phases.csv", 'key,name,definition,ref,name_fr,name_es,quote\nbefore,"before,a,b,c,d,e\n',
        "phases.csv, row 2, column '(whole row)': '' is not allowed; expected a well-formed CSV row (unexpected "
        "end of data).",
    ),
    "an empty file": (
        "phases.csv", "",
        "phases.csv, row 1, column '(header)': '' is not allowed; expected the columns "
        "key,name,definition,ref,name_fr,name_es,quote.",
    ),
    "an entry point to no fact": (
        "entry_points.csv", "ref,fact,lang,voice,text\nCover,no-such,en,plain,what\n",
        "entry_points.csv, row 2, column 'fact': 'no-such' is not allowed; expected an id of facts.csv.",
    ),
    "a language that is not spoken": (
        "entry_points.csv", "ref,fact,lang,voice,text\nCover,,de,plain,was\n",
        "entry_points.csv, row 2, column 'lang': 'de' is not allowed; expected 'en', 'fr' or 'es'.",
    ),
    "a lexicon key outside the vocabulary": (
        "lexicon.csv", "kind,key,lang,term,note\ncrisis,war,en,war,\n",
        "lexicon.csv, row 2, column 'key': 'war' is not allowed; expected one of health, man_made, protracted, "
        "slow_onset, sudden_onset.",
    ),
    "a lexicon term without a letter": (
        "lexicon.csv", "kind,key,lang,term,note\ncrisis,health,en,?!,\n",
        "lexicon.csv, row 2, column 'term': '?!' is not allowed; expected at least one letter or digit.",
    ),
    "a document without text": (
        "document.md", "# Only a heading\n",
        "document.md holds no passage; it is empty or made of headings only.",
    ),
    "an unknown key of the description": (
        "corpus.toml", 'id = "x"\nsymbl = "y"\n',
        "corpus.toml: unknown key 'symbl'; allowed are date, edition, id, matrix, notice, parser, publisher, "
        "symbol, title.",
    ),
    "a description that lacks something": (
        "corpus.toml", 'id = "x"\n',
        "corpus.toml: 'symbol' is missing.",
    ),
    "an id that can be no folder": (
        "corpus.toml", 'id = "../x"\nsymbol = "a"\ntitle = "b"\ndate = "c"\nparser = "scpf"\n',
        "corpus.toml, id: '../x' is not allowed; expected at most 60 letters, digits, dots and hyphens.",
    ),
    "an unknown parser": (
        "corpus.toml", 'id = "x"\nsymbol = "a"\ntitle = "b"\ndate = "c"\nparser = "pdf"\n',
        "corpus.toml, parser: 'pdf' is not one of scpf, paragraphs.",
    ),
    "no TOML": ("corpus.toml", "id = \n", "corpus.toml is not valid TOML: Invalid value (at line 1, column 6)."),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_files_are_told_in_one_sentence(folder: Path, name: str, text: str, sentence: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder)
    assert str(caught.value) == sentence


def test_a_row_is_counted_as_an_editor_counts_lines(folder: Path) -> None:
    """A cell with a line break in it moves the rows below; the number is that of the line."""
    rows = EVIDENCE + GOOD.rstrip() + '"two\nlines"\n' + GOOD.replace("during", "later").replace("4,stated", "5,stated")
    (folder / "evidence.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"evidence\.csv, row 4, column 'phase': 'later'"):
        load_corpus(folder)


def test_a_file_that_is_not_utf8_names_its_line(folder: Path) -> None:
    (folder / "phases.csv").write_bytes(b"key,name\nbefore,\xe9\n")
    with pytest.raises(
        CorpusError, match=re.escape("phases.csv, line 2: the file is not UTF-8 text; save it as UTF-8.")
    ):
        load_corpus(folder)


def test_a_table_saved_by_a_spreadsheet_loads(folder: Path) -> None:
    """Byte order mark, CRLF and empty lines at the end are what Excel leaves behind."""
    path = folder / "phases.csv"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(("\ufeff" + text.replace("\n", "\r\n") + ",,,,,,\r\n").encode())
    assert len(load_corpus(folder).phases) == 3


def test_a_missing_folder_or_document(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no corpus folder"):
        load_corpus(tmp_path / "nowhere")
    (tmp_path / "corpus.toml").write_text('id = "x"\nsymbol = "a"\ntitle = "b"\ndate = "c"\nparser = "scpf"\n')
    with pytest.raises(CorpusError, match=re.escape("document.md is missing")):
        load_corpus(tmp_path)


def test_a_folder_beside_needs_no_tables(plain_corpus: Corpus) -> None:
    assert not plain_corpus.has_matrix
    assert plain_corpus.facts == ()
    assert all(cell.basis == "not_stated" for cell in plain_corpus.matrix.cells)


def test_the_fingerprint_changes_with_any_table(folder: Path) -> None:
    before = load_corpus(folder).fingerprint
    path = folder / "phases.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("avant", "auparavant"), encoding="utf-8")
    assert load_corpus(folder).fingerprint != before


DIAGRAM = "crisis,phase,sector_no,level,read_by,read_on,edition\n"
BAD_LEVELS = {
    "level": ("health,during,4,vital,A,2026-01-01,E\n", "column 'level': 'vital'"),
    "sector": ("health,during,0,critical,A,2026-01-01,E\n", "column 'sector_no': '0'"),
    "reader": ("health,during,4,critical,,2026-01-01,E\n", "column 'read_by': ''"),
    "date": ("health,during,4,critical,A,yesterday,E\n", "column 'read_on': 'yesterday'"),
    "impossible date": ("health,during,4,critical,A,2026-13-45,E\n", "column 'read_on': '2026-13-45'"),
    "edition": ("health,during,4,critical,A,2026-01-01,\n", "column 'edition': ''"),
    "twice": ("health,during,4,critical,A,2026-01-01,E\n" * 2, "the row has been there before (row 2)"),
}


@pytest.mark.parametrize(("row", "part"), BAD_LEVELS.values(), ids=BAD_LEVELS.keys())
def test_levels_read_off_a_diagram_are_validated(tmp_path: Path, row: str, part: str) -> None:
    path = tmp_path / "levels.csv"
    path.write_text(DIAGRAM + row)
    with pytest.raises(CorpusError, match=re.escape(part)):
        read_diagram(path)


def test_nothing_fills_an_empty_cell() -> None:
    assert all(c.level is None and c.basis == "not_stated" for c in Matrix.build(()).cells)


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("suggestions.csv", "¶3,What is a migration crisis?\n", "question"),
        ("suggestions.csv", "¶99,Who was that?\n", "¶99"),
        ("roles.csv", "the water cluster,water,lead,,,no-such-fact\n", "no-such-fact"),
        ("roles.csv", "the water cluster,water,boss,,,p13-cccm\n", "boss"),
        ("not_covered.csv", "¶21,en,a price,what does the moon cost,moonshine\n", "moonshine"),
        ("topic_questions.csv", "moonshine,what does the moon shine on\n", "moonshine"),
        ("topic_questions.csv", ",what does the moon shine on\n", "a topic of topics.csv"),
        ("topic_questions.csv", "money,is there a fund\nmoney,is there a fund\n", "'text'"),
    ],
)
def test_a_wrong_row_of_the_newer_tables_is_named(folder: Path, table: str, row: str, said: str) -> None:
    with (folder / table).open("a", encoding="utf-8") as handle:
        handle.write(row)
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder)
    assert table in caught.value.message
    assert said in caught.value.message


def test_a_question_for_a_whole_topic_is_no_entry_point(corpus: Corpus) -> None:
    """None of the topic's facts answers alone; what learns from entry points must not learn that one does."""
    asked = {q.text for q in corpus.topic_questions}
    assert asked
    assert not asked & {e.text for e in corpus.entry_points}
    assert not asked & {n.text for n in corpus.not_covered}
