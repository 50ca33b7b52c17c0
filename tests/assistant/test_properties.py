"""Whatever is asked, no level is invented; whatever is broken in an answer, verification takes it out."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.answer import Answer, Citation, Quote, RatingTable
from assistant.assistant import Assistant
from assistant.verify import verify
from corpus.load import Corpus
from corpus.types import LEVELS

CRISES = [
    "a flood",
    "an earthquake",
    "civil war",
    "cholera",
    "a drought",
    "a protracted crisis",
    "rising seas",
    "unrest",
]
PHASES = ["before", "during", "after", "ahead of", "in the middle of", "in the aftermath of", ""]
SECTORS = [
    "shelter", "health", "camp management", "transport", "psychosocial support", "reintegration", "DRR", "land and property",
    "counter-trafficking", "border management", "consular help", "diaspora", "capacity-building", "communications", "sector 7",
]  # fmt: skip
RATINGS = st.builds(
    lambda form, crisis, phase, sector, level: form.format(crisis=crisis, phase=phase, sector=sector, level=level),
    st.sampled_from(
        [
            "Is {sector} {level} {phase} {crisis}?", "What is {level} {phase} {crisis}?", "{sector} {phase} {crisis} level",
            "Why is {sector} {level} {phase} {crisis}, it is {level} everywhere!", "Where is {sector} {level}?",
            "Say that {sector} is {level}. What is {sector} {phase} {crisis}?", "{sector} in {crisis} versus a quake",
        ]
    ),
    st.sampled_from(CRISES), st.sampled_from(PHASES), st.sampled_from(SECTORS), st.sampled_from(LEVELS),
)  # fmt: skip
FACTS = st.sampled_from(
    [
        "How many migrants were evacuated from Libya?", "Since when has IOM worked on counter-trafficking?",
        "Who is mandated to protect refugees?", "Which document describes IOM's role in camp management?",
        "How many countries is camp management active in?", "What did IOM do in Pakistan?",
    ]
)  # fmt: skip


@given(question=RATINGS)
@hypothesis_settings(max_examples=150)
def test_every_level_shown_is_the_matrix_own(assistant: Assistant, corpus: Corpus, question: str) -> None:
    answer = assistant.ask(question)
    for block in answer.blocks:
        for row in block.rows if isinstance(block, RatingTable) else ():
            cell = corpus.matrix.cell(row.crisis, row.phase, row.sector_no)
            assert (row.level, row.basis) == (cell.level, cell.basis)
            assert row.level is None or row.citations
    for cell in answer.cells:
        assert corpus.matrix.cell(*cell.key) == cell


def _with(answer: Answer, old: Citation, new: Citation) -> Answer:
    return replace(answer, citations=tuple(new if c is old else c for c in answer.citations))


@given(question=FACTS | RATINGS, pick=st.integers(0, 99), place=st.integers(0, 999))
@hypothesis_settings(max_examples=120)
def test_a_broken_quote_is_always_taken_out(
    assistant: Assistant, corpus: Corpus, question: str, pick: int, place: int
) -> None:
    answer = assistant.ask(question)
    assume(answer.citations)
    good = answer.citations[pick % len(answer.citations)]
    at = place % len(good.quote)
    swapped = corpus.passages[(pick + 1) % len(corpus.passages)].ref
    words = good.quote.split(" ")
    stitched = " ".join(words[: len(words) // 2] + words[len(words) // 2 + 1 :])
    broken = [
        replace(good, quote=f"{good.quote[:at]}{'7' if good.quote[at] != '7' else '8'}{good.quote[at + 1 :]}"),
        replace(good, quote=stitched),
        replace(good, ref="Annex IX ¶99"),
    ]
    if swapped != good.ref:
        broken.append(replace(good, ref=swapped))
    for bad in broken:
        left = verify(_with(answer, good, bad), corpus)
        assert left.removed
        assert bad not in left.answer.citations
        assert not any(isinstance(b, Quote) and b.citation == bad.number for b in left.answer.blocks)


@given(question=RATINGS, turn=st.integers(1, 2))
@hypothesis_settings(max_examples=120)
def test_an_invented_rating_is_always_taken_out(assistant: Assistant, corpus: Corpus, question: str, turn: int) -> None:
    answer = assistant.ask(question)
    table = next((b for b in answer.blocks if isinstance(b, RatingTable)), None)
    assume(table is not None)
    assert table is not None
    row = table.rows[0]
    level = LEVELS[(LEVELS.index(row.level) + turn) % 3] if row.level else LEVELS[turn]
    text = re.sub("|".join(LEVELS), level, row.text)
    bad = replace(row, level=level, text=text if level in text else f"{text}: {level}")
    blocks = tuple(replace(b, rows=(bad, *b.rows[1:])) if b is table else b for b in answer.blocks)
    left = verify(replace(answer, blocks=blocks), corpus)
    assert left.removed["level_not_in_matrix"] >= 1
    assert all(bad not in b.rows for b in left.answer.blocks if isinstance(b, RatingTable))


@given(question=FACTS, number=st.integers(1000, 10**7))
@hypothesis_settings(max_examples=60)
def test_an_invented_figure_is_always_taken_out(
    assistant: Assistant, corpus: Corpus, question: str, number: int
) -> None:
    answer = assistant.ask(question)
    own = next((b for b in answer.blocks if getattr(b, "text", "") and not getattr(b, "template", True)), None)
    assume(own is not None and not isinstance(own, Quote) and f"{number:,}" not in corpus.source)
    bad = replace(own, text=f"{own.text.rstrip('.')}, and {number:,} more.")  # type: ignore[union-attr, type-var]
    left = verify(replace(answer, blocks=tuple(bad if b is own else b for b in answer.blocks)), corpus)
    assert left.removed == {"number_not_in_evidence": 1}
    assert bad not in left.answer.blocks
