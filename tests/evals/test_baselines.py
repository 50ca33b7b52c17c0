"""The systems that the assistant is compared with, and the errors planted into its answers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from assistant.answer import Answer, Citation, Paragraph, Quote, RatingRow, RatingTable, Stamp, Turn
from corpus.load import Corpus
from evals import planted
from evals.baselines import Extract, Found, baselines, fitted, labels_of_range, passage_bm25, query_of
from evals.systems import response_of
from tests.evals.fakes import SHELTER, item


class OneHot:
    """An encoder over a handful of words: a text is the normalised count of each."""

    model_id = "one-hot"
    words = ("shelter", "border", "health", "transport", "land", "camp")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.array([[t.lower().count(w) for w in self.words] for t in texts], dtype=np.float32)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(norms == 0, 1, norms)


def finder(query: str, k: int, /) -> list[Found]:
    """Scores a query by its length."""
    return [Found("Piece one.", float(len(query)), ("¶1",), ((0, 10),)), Found("Two.", 0.0, ("¶2",), ((20, 24),))][:k]


def test_a_baseline_shows_what_it_found_or_refuses() -> None:
    system = Extract("x", "X", finder, shown=2, threshold=5)
    shown = system.ask("long enough", ())
    assert (shown.answer, shown.status, shown.ranked) == ("Piece one.\n\nTwo.", "grounded", ("¶1", "¶2"))
    assert [c.ref for c in shown.citations] == ["¶1", "¶2"]
    assert system.ask("no", ()).status == "not_in_document"
    assert replace(system, cites=False).ask("long enough", ()).citations == ()


def test_the_message_before_is_part_of_the_query() -> None:
    history = (Turn("user", "CCCM?"), Turn("assistant", "A sector."))
    assert query_of("who leads", history) == "CCCM? who leads"
    assert query_of("who leads", ()) == "who leads"


def test_the_threshold_refuses_one_answerable_item_in_twenty() -> None:
    """Twenty questions of 10 to 29 characters: the second shortest is the first that is answered."""
    items = [item(str(n), question="x" * n) for n in range(10, 30)]
    items.append(item("final", question="x", split="final"))
    system = fitted(Extract("x", "X", finder), items)
    assert system.threshold == 11
    assert [system.ask(i.question, ()).status for i in items[:3]] == ["not_in_document", "grounded", "grounded"]
    assert fitted(Extract("x", "X", finder), []).threshold == float("-inf")


def test_bm25_finds_a_passage_by_its_words(corpus: Corpus) -> None:
    best = passage_bm25(corpus)("transport foreign workers evacuated from Lebanon", 3)[0]
    assert best.refs == ("Sector 12",)
    assert best.text == corpus.by_ref["Sector 12"].text


def test_labels_of_a_piece_that_spans_two_passages(corpus: Corpus) -> None:
    (_, end), (start, _) = corpus.by_ref["¶1"].spans[-1], corpus.by_ref["¶2"].spans[0]
    assert labels_of_range(corpus, end - 5, start + 50) == ("¶2", "¶1")


@pytest.mark.filterwarnings("ignore")
def test_every_baseline_answers(corpus: Corpus) -> None:
    """The tutorial pipeline knows places in the file only: it ranks by them and cites nothing."""
    systems = {s.name: s for s in baselines(corpus, OneHot())}
    assert list(systems) == ["bm25", "dense", "tutorial"]
    for system in systems.values():
        found = system.ask("shelter", ())
        assert found.ranked
        assert set(found.ranked) <= set(corpus.by_ref)
    tutorial = systems["tutorial"].ask("shelter", ())
    assert tutorial.citations == ()
    assert tutorial.answer.count("\n\n") >= 3
    assert all(end - start <= 1000 for spans in tutorial.pieces for start, end in spans)


def answer(corpus: Corpus) -> Answer:
    """A reply with one of everything: a sentence of its own, a quote, a rating."""
    passage = corpus.by_ref["Annex I ¶15"]
    start, end = passage.find(SHELTER) or (0, 0)
    spans = passage.source_spans(start, end)
    cited = Citation(1, passage.ref, SHELTER, start, end, spans, passage.anchor, passage.heading_path)
    cell = corpus.matrix.cell("sudden_onset", "during", 2)
    evidence = cell.strongest
    assert evidence is not None
    row = RatingRow(
        "sudden_onset", "during", 2, "Shelter", cell.level, cell.basis, evidence.word, evidence.condition, "", (1,),
        f"Shelter: {cell.level}",
    )  # fmt: skip
    return Answer(
        question="?",
        language="en",
        status="grounded",
        blocks=(
            Paragraph("The needs of crisis-affected populations are crucial.", (1,)),
            Quote(SHELTER, 1),
            RatingTable("", (row,)),
        ),
        citations=(cited,),
        stamp=Stamp("SCPF/92", "", "", None),
        cells=(cell,),
    )


def test_the_answer_made_by_hand_is_sound(corpus: Corpus) -> None:
    from assistant.verify import verify

    assert verify(answer(corpus), corpus).removed == {}


@pytest.mark.parametrize("error", list(planted.PLANTS))
def test_each_planted_error_is_planted_and_caught(corpus: Corpus, error: str) -> None:
    found = planted.PLANTS[error](answer(corpus), corpus)
    assert found is not None
    assert planted.holds(*found)
    assert [p.as_json() for p in planted.plant_all([answer(corpus)], corpus, {error: planted.PLANTS[error]})] == [
        {"error": error, "part": "verification", "n": 1, "through_on": 0, "through_off": 1}
    ]


def test_an_answer_without_room_for_an_error_is_left_out(corpus: Corpus) -> None:
    empty = replace(answer(corpus), blocks=(Paragraph("No.", template=True),), citations=())
    assert planted.plant_all([empty], corpus) == []


def test_unrefused_questions_count_as_errors() -> None:
    found = planted.refusals([True, False, False], [True, True, False])
    assert (found.n, found.through_on, found.through_off) == (3, 1, 2)


def test_an_answer_as_the_metrics_see_it(corpus: Corpus) -> None:
    """Its claims, their passages, the cells it shows; fixed wording is no claim."""
    shown = replace(answer(corpus), blocks=(Paragraph("Note.", template=True), *answer(corpus).blocks))
    found = response_of(shown, corpus)
    assert [s.text for s in found.statements][:2] == ["The needs of crisis-affected populations are crucial.", SHELTER]
    assert all(s.sources == (corpus.by_ref["Annex I ¶15"].text,) for s in found.statements)
    cell = corpus.matrix.cell("sudden_onset", "during", 2)
    assert found.cells == {cell.key: (cell.basis, cell.level)}
    assert found.citations[0].quote == SHELTER
