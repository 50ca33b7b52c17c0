"""Answers no assistant would give: long, strange, hostile. For properties."""

from __future__ import annotations

from hypothesis import strategies as st

from assistant.answer import Answer, Block, Bullets, Citation, Paragraph, Quote, RatingRow, RatingTable, Stamp
from corpus.types import CRISES, LEVELS, PHASES

HOSTILE = (
    "<!channel>", "<!here|x>", "<@U123>", "@channel", "@everyone", "@room", "@bob:example.org", "#room:example.org",
    "<at>bob</at>", "[click](https://evil.example/)", "<https://evil.example|safe>", "https://evil.example/x?y=1",
    "www.evil.example", "evil.example", "mailto:a@b.example", "javascript:alert(1)", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "&lt;b&gt;", "&amp;", "&#42;bold&#42;", "*bold*", "_it_", "~no~", "`code`",
    "```\nblock\n```", "> quoted", "# head", "- item", "1. item", "| a | b |\n|--|--|", "![i](https://e.example/i.png)",
    "{{DATE(2024-01-01T00:00:00Z)}}", ":wave:", "\\*", "\u202eright", "\x00\x07", "\ud800", "😀", "\r\n", "***", "---",
    "===", "<details>", "</p><p>", '"quoted" & \'single\'', "https://matrix.to/#/@bob:example.org", "tel:+1", "\u2060",
    "…", "",
)  # fmt: skip

pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.just("A plain sentence with words. "))


@st.composite
def texts(draw: st.DrawFn, longest: int = 9000) -> str:
    """Any text: hostile pieces joined, sometimes repeated until it is long, sometimes without any space."""
    text = draw(st.sampled_from(("", " ", "\n"))).join(draw(st.lists(pieces, min_size=1, max_size=6)))
    times = draw(st.sampled_from((1, 1, 1, 3, 40, 400)))
    return (text * times)[:longest]


def citations(number: int) -> st.SearchStrategy[Citation]:
    return st.builds(
        lambda ref, quote, anchor: Citation(number, ref, quote, 0, len(quote), ((0, len(quote)),), anchor, ()),
        st.one_of(st.just("¶13"), texts(300)),
        texts(6000),
        st.sampled_from(("p-13", "annex-i-15")),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer of any shape whose citation numbers exist."""
    count = draw(st.sampled_from((0, 1, 3, 25, 60)))
    cited = tuple(
        draw(citations(n)) if n <= 4 else Citation(n, f"¶{n}", "Short.", 0, 6, ((0, 6),), f"p-{n}", ())
        for n in range(1, count + 1)
    )
    numbers = st.lists(st.integers(1, count), max_size=4, unique=True).map(tuple) if count else st.just(())
    paragraph = st.builds(Paragraph, texts(), numbers)
    rows = st.builds(
        RatingRow,
        st.sampled_from(CRISES), st.sampled_from(PHASES), st.integers(1, 15), texts(400),
        st.one_of(st.none(), st.sampled_from(LEVELS)),
        st.sampled_from(("stated", "interpreted", "emphasised", "mentioned", "not_stated", "diagram")),
        texts(100), texts(2500), texts(300), numbers, texts(400),
    )  # fmt: skip
    kinds: list[st.SearchStrategy[Block]] = [
        paragraph,
        st.builds(Bullets, st.lists(paragraph, max_size=4).map(tuple)),
        st.builds(RatingTable, texts(300), st.lists(rows, max_size=20).map(tuple)),
    ]
    if cited:
        kinds.append(st.sampled_from(cited).map(lambda c: Quote(c.quote, c.number)))
    blocks = draw(st.lists(st.one_of(kinds), max_size=5))
    status = draw(
        st.sampled_from(("grounded", "partial", "not_rated", "not_in_document", "out_of_scope", "needs_clarification"))
    )
    questions = st.lists(texts(2500), max_size=3).map(tuple)
    return Answer(
        draw(texts(2500)),
        draw(st.sampled_from(("en", "fr", "es"))),
        status,
        tuple(blocks),
        cited,
        Stamp("SCPF/92", "12 October 2012", "0" * 64, None),
        suggestions=draw(questions),
        choices=draw(questions) if status == "needs_clarification" else (),
        notice=draw(st.one_of(st.just(""), texts(4000))),
        nearest=tuple(draw(st.lists(citations(1), max_size=1))),
    )
