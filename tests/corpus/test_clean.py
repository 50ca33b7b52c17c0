"""clean(): what it removes, and that every character of its result leads back to the source."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.clean import clean, clean_spans
from corpus.load import Corpus

CASES = {
    "footnote mark": ("the framework<sup>1</sup> is", "the framework is"),
    "emphasis": ("**Sector 4 Health Support:** To *ensure*", "Sector 4 Health Support: To ensure"),
    "tag is a word border": ("one<br/>two", "one two"),
    "entity": ("Camp &amp; Co &lt;x&gt;", "Camp & Co <x>"),
    "link keeps its text": ("see [the page](https://example.org/a_b) now", "see the page now"),
    "escapes": (r"a\_b \* c", "a_b * c"),
    "paragraph number": ("13. The framework", "The framework"),
    "a number inside a sentence stays": ("in 2011. The end 12. x", "in 2011. The end 12. x"),
    "bullet": ("- first\n- second", "first second"),
    "white space collapses": ("  a \n\n\t b  ", "a b"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_clean(source: str, expected: str) -> None:
    assert clean(source) == expected


def test_spans_are_joined_by_a_space_or_after_a_broken_word_by_nothing() -> None:
    source = "of inter- | agency | partners"
    #         0123456789            "of inter-" 0:9, "agency" 12:18, "partners" 21:29
    assert clean_spans(source, [(0, 9), (12, 18), (21, 29)]).text == "of inter-agency partners"


def test_source_spans_refuse_what_is_outside() -> None:
    with pytest.raises(ValueError, match="outside"):
        clean_spans("abc", [(0, 3)]).source_spans(1, 9)
    with pytest.raises(ValueError, match="empty"):
        clean_spans("abc", [(0, 3)]).source_spans(1, 1)


MARKED_UP = st.text(
    alphabet=st.one_of(st.sampled_from("ab c\n*_<>[]()#-&;.1 "), st.characters(codec="utf-8")), max_size=80
) | st.lists(
    st.sampled_from(["<sup>3</sup>", "**", "a", "word ", "&amp;", "[x](y)", "\n- ", "7. ", "-", "<br>", "é"]),
    max_size=15,
).map("".join)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(MARKED_UP)
def test_clean_never_invents_reorders_or_fails(source: str) -> None:
    aligned = clean_spans(source, [(0, len(source))])
    assert len(aligned.text) == len(aligned.offsets)
    assert list(aligned.offsets) == sorted(aligned.offsets)
    assert "  " not in aligned.text
    assert aligned.text == aligned.text.strip(" ")
    for character, offset in zip(aligned.text, aligned.offsets, strict=True):
        # an entity is the one thing that stands for another character
        assert character == source[offset] or character == " " or source[offset] == "&"


def test_a_space_for_a_border_or_for_markup_is_in_no_range() -> None:
    joined = clean_spans("one\n---\ntwo", [(0, 3), (8, 11)])
    assert joined.text == "one two"
    assert joined.source_spans(3, 7) == ((8, 11),)
    assert joined.source_spans(2, 7) == ((2, 3), (8, 11))
    assert joined.source_spans(3, 4) == ()
    tagged = clean_spans("one</li><li>two six", [(0, 19)])
    assert tagged.text == "one two six"
    assert tagged.source_spans(0, 11) == ((0, 3), (12, 19))


def test_every_quote_of_up_to_seven_characters_leads_back_to_the_source(corpus: Corpus) -> None:
    """All of them: where two spans or two tags meet, chance seldom looks."""
    for passage in corpus.passages:
        for begin in range(len(passage.text)):
            end = min(begin + 7, len(passage.text))
            spans = passage.source_spans(begin, end)
            assert squeezed(clean_spans(corpus.source, spans).text) == squeezed(passage.text[begin:end]), passage.ref


@given(place=st.floats(0, 1, exclude_max=True), start=st.floats(0, 1, exclude_max=True), length=st.integers(1, 300))
def test_any_quote_of_any_passage_leads_back_to_the_source(
    corpus: Corpus, place: float, start: float, length: int
) -> None:
    passage = corpus.passages[int(place * len(corpus.passages))]
    begin = int(start * len(passage.text))
    end = min(begin + length, len(passage.text))
    spans = passage.source_spans(begin, end)
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert squeezed(clean_spans(corpus.source, spans).text) == squeezed(passage.text[begin:end])


def test_every_passage_is_its_own_spans_cleaned(corpus: Corpus) -> None:
    for passage in corpus.passages:
        aligned = clean_spans(corpus.source, passage.spans)
        assert aligned.text == passage.text
        assert aligned.offsets == passage.offsets
