"""The parse of the whole document, against a reviewed golden file and the places where others go wrong."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from corpus.load import Corpus
from corpus.parse import parse_paragraphs, parse_scpf
from corpus.types import Passage, anchor_of

GOLDEN = Path(__file__).parents[1] / "data" / "scpf-92-passages.jsonl"


def as_line(passage: Passage) -> str:
    return json.dumps(
        {
            "ref": passage.ref,
            "kind": passage.kind,
            "anchor": passage.anchor,
            "heading_path": passage.heading_path,
            "spans": passage.spans,
            "footnotes": passage.footnotes,
            "belongs_to": passage.belongs_to,
            "text": passage.text,
        },
        ensure_ascii=False,
    )


def test_the_parse_is_the_reviewed_one(corpus: Corpus) -> None:
    """After an intended change: MCOF_TEST_UPDATE=1, then read the difference line by line."""
    lines = [as_line(p) for p in corpus.passages]
    if os.environ.get("MCOF_TEST_UPDATE"):
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_label_of_the_document_is_there(corpus: Corpus) -> None:
    expected = {"Cover", "Annex II", *(f"¶{n}" for n in range(1, 25)), *(f"Sector {n}" for n in range(1, 16))}
    expected |= {f"Annex I ¶{n}" for n in range(1, 35)}
    found = {p.ref for p in corpus.passages}
    assert expected <= found
    others = {r for r in found - expected if not re.fullmatch(r"fn \d+|Annex II ¶\d+", r)}
    crises = ("man-made disaster", "sudden-onset natural disaster", "slow-onset natural disaster", "protracted crisis")
    assert others == {f"Annex I diagram, {c}" for c in (*crises, "health crisis")}


def test_every_line_belongs_to_one_passage_or_is_structure(corpus: Corpus) -> None:
    covered = [0] * len(corpus.source)
    for passage in corpus.passages:
        for start, end in passage.spans:
            for i in range(start, end):
                covered[i] += 1
    assert max(covered) == 1
    position = 0
    for line in corpus.source.splitlines(keepends=True):
        text = line.strip()
        if text and not covered[position + line.index(text[0])]:
            assert re.match(r"#|-{3,}$|[|\s:-]+$|\**Annex II\**$", text), text
        position += len(line)


def test_sentences_cut_by_a_footnote_or_a_page_are_whole(corpus: Corpus) -> None:
    """Footnote 1 cuts ¶8; fn 2 and 3 cut Sector 4; fn 6 cuts ¶11 and the word inter-agency."""
    by_ref = corpus.by_ref
    assert len(by_ref["¶8"].spans) > 1
    assert len(by_ref["Sector 4"].spans) > 1
    assert "inter-agency" in by_ref["¶11"].text
    for ref in ("¶8", "Sector 4", "¶11"):
        assert "<sup>" not in by_ref[ref].text
        assert "---" not in by_ref[ref].text


def test_footnotes_belong_where_their_mark_stands(corpus: Corpus) -> None:
    """Footnote 1 cuts ¶8, fn 4 falls inside Sector 7 and fn 5 inside Sector 9, but none of them belongs there."""
    assert corpus.by_ref["fn 4"].belongs_to == "Sector 5"
    assert corpus.by_ref["fn 5"].belongs_to == "Sector 7"
    assert corpus.by_ref["fn 1"].belongs_to == "¶6"
    assert all(p.belongs_to for p in corpus.passages if p.kind == "footnote")


def test_an_examples_line_belongs_to_the_paragraph_before_it(corpus: Corpus) -> None:
    assert [p.ref for p in corpus.passages if "Examples:" in p.text] == [
        "Annex I ¶10", "Annex I ¶16", "Annex I ¶22", "Annex I ¶28", "Annex I ¶34",
    ]  # fmt: skip


def test_lettered_lists_and_pillars_stay_inside_their_paragraph(corpus: Corpus) -> None:
    assert "(b)" in corpus.by_ref["¶2"].text
    assert corpus.by_ref["¶9"].text.count(". ") <= 2


def test_anchors() -> None:
    assert anchor_of("¶13") == "p-13"
    assert anchor_of("Sector 4") == "sector-4"
    assert anchor_of("Annex I ¶15") == "annex-i-15"
    assert anchor_of("Annex I diagram, health crisis") == "annex-i-diagram-health-crisis"
    assert anchor_of("Annex II") == "annex-ii"
    assert anchor_of("fn 7") == "fn-7"


def test_anchors_are_unique(corpus: Corpus) -> None:
    assert len({p.anchor for p in corpus.passages}) == len(corpus.passages)


LINES = st.lists(
    st.sampled_from(
        ["", "# Title", "## Annex I", "1. One.", "2. Two", "text", "**Sector 3 Transport:** To", "---",
         "<sup>1</sup> note",
         "- item", "Annex II", "**Diagram for a health crisis**", "\ttabbed", "12. ", "## ***Sub***"]
    ),
    max_size=25,
)  # fmt: skip


@given(LINES)
def test_no_text_is_lost_or_used_twice_whatever_the_order_of_lines(lines: list[str]) -> None:
    source = "\n".join(lines)
    for parse in (parse_scpf, parse_paragraphs):
        spans = sorted(span for p in parse(source) for span in p.spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert all(0 <= a < b <= len(source) for a, b in spans)


def test_paragraphs_of_any_document(plain_corpus: Corpus) -> None:
    assert [(p.ref, p.heading_path) for p in plain_corpus.passages] == [
        ("¶1", ("Rules of the Lighthouse", "The keeper")),
        ("¶2", ("Rules of the Lighthouse", "The keeper")),
        ("¶3", ("Rules of the Lighthouse", "Visitors")),
        ("¶4", ("Rules of the Lighthouse", "Visitors")),
    ]
    assert plain_corpus.by_ref["¶1"].text.endswith("In fog the lamp burns all day.")
