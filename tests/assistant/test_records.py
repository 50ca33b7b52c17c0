"""The searched texts: cut at sentences, short enough for the model, the same every time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assistant.records import MAX_CHUNK_CHARS, build_records, chunk_spans, records_sha256
from corpus.load import Corpus
from corpus.types import Passage


def passage(text: str) -> Passage:
    return Passage("¶1", "paragraph", text, (), ((0, max(len(text), 1)),), tuple(range(len(text))))


SCRIPTS = st.text(alphabet=st.sampled_from("abc dé. ,;(A)1漢字ß🚑\u0645"), max_size=3000)


@given(SCRIPTS)
def test_chunks_cover_the_text_and_are_short_enough(text: str) -> None:
    text = " ".join(text.split())
    spans = chunk_spans(passage(text))
    assert all(0 <= a < b <= len(text) and b - a <= MAX_CHUNK_CHARS for a, b in spans)
    covered = set().union(*(range(a, b) for a, b in spans)) if spans else set()
    assert all(text[i] == " " for i in set(range(len(text))) - covered)
    assert [a for a, _ in spans] == sorted(a for a, _ in spans)


def test_a_script_of_one_character_words_is_cut_shorter() -> None:
    """The model takes a piece for each Chinese character: 700 of them would be cut off at 256."""
    assert max(b - a for a, b in chunk_spans(passage("漢" * 2000))) <= 256


def test_chunks_end_where_sentences_do(corpus: Corpus) -> None:
    for p in corpus.passages:
        for _, end in chunk_spans(p):
            assert end == len(p.text) or p.text[end] == " ", p.ref


def test_ids_are_unique_and_derive_from_place_and_content(corpus: Corpus) -> None:
    records = build_records(corpus)
    assert len({r.id for r in records}) == len(records)
    changed = replace(corpus.facts[0], statement="Something else.")
    after = build_records(replace(corpus, facts=(changed, *corpus.facts[1:])))
    different = {r.id for r in after} ^ {r.id for r in records}
    assert len(different) == 2
    assert records_sha256(after) != records_sha256(records)


def test_every_known_cell_crisis_phase_and_sector_has_a_record(corpus: Corpus) -> None:
    records = build_records(corpus)
    cells = {(r.crisis, r.phase, r.sector) for r in records if r.kind == "cell"}
    assert cells == {c.key for c in corpus.matrix.cells if c.evidence}
    assert {r.crisis for r in records if r.kind == "crisis"} == {c.key for c in corpus.crises}
    assert {r.phase for r in records if r.kind == "phase"} == {p.key for p in corpus.phases}
    assert {r.sector for r in records if r.kind == "sector"} == set(range(1, 16))


def test_own_words_stand_at_their_place(corpus: Corpus) -> None:
    for record in build_records(corpus):
        if record.kind in ("sentence", "chunk"):
            assert corpus.by_ref[record.ref].text[record.start : record.end] == record.text
