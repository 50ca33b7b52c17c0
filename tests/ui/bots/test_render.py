"""The three renderers: within every limit, nothing executed, the same words on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from assistant.answer import Answer
from tests.ui.bots.fakes import FakeAssistant
from tests.ui.bots.limits import check_matrix, check_slack, check_teams, walk
from tests.ui.bots.readers import markdown_tokens, matrix_text, parse_html, slack_text, squeeze, teams_text
from tests.ui.bots.strategies import answers
from ui.bots import matrix_render, slack_render, teams_render
from ui.bots.neutral import undo
from ui.bots.sheet import Sheet, Source, Table, marks, sheet, source_line

PAGE = "https://mcof.example.org/"
Render = Callable[[Sheet], Sequence[Mapping[str, Any]]]


def slack(page: Sheet) -> Sequence[Mapping[str, Any]]:
    return slack_render.render(page, slack_render.Buttons("a" * 20, share=True))


def matrix(page: Sheet) -> Sequence[Mapping[str, Any]]:
    return matrix_render.render(page, feedback=True)


def teams(page: Sheet) -> Sequence[Mapping[str, Any]]:
    return teams_render.render(page, feedback=True)


NETWORKS = [
    pytest.param(slack, check_slack, slack_text, id="slack"),
    pytest.param(matrix, check_matrix, matrix_text, id="matrix"),
    pytest.param(teams, check_teams, teams_text, id="teams"),
]

strange = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.parametrize(("render", "check", "read"), NETWORKS)
@strange
@given(made=answers())
def test_no_answer_breaks_a_limit(render: Render, check: Callable[[Any], None], read: Any, made: Answer) -> None:
    for message in render(sheet(made, page_url=PAGE)):
        check(message)


@pytest.mark.parametrize(("render", "check", "read"), NETWORKS)
@strange
@given(made=answers())
def test_every_word_is_shown_in_order(render: Render, check: Any, read: Callable[[Any], str], made: Answer) -> None:
    """Nothing is lost, cut or changed on the way to a reader, and a citation is whole in one message.

    Teams alone may shorten a table's caption; its rows stand in the card after the text.
    """
    page = sheet(made, page_url=PAGE)
    messages = render(page)
    shown = squeeze(read(messages))
    for line in expected(page):
        assert squeeze(line) in shown
    for source in (*page.sources, *page.nearest):
        assert any(squeeze(source_line(source)) in squeeze(read([m])) for m in messages)


def expected(page: Sheet) -> list[str]:
    lines: list[str] = []
    for item in page.body:
        if isinstance(item, Table):
            lines.append(item.caption[:200])
            for row in item.rows:
                lines += [row.subject, row.rating, *row.remarks, marks(row.citations)]
        elif item.kind == "quote":
            lines.append(f"“{item.text}” {marks(item.citations)}")
        else:
            lines.append(f"{item.text} {marks(item.citations)}")
    return [*lines, page.notice, page.stamp]


@strange
@given(made=answers())
def test_matrix_markup_is_ours_alone(made: Answer) -> None:
    """Words of others become no element, no link and no mention; the plain body carries nothing live either."""
    page = sheet(made, page_url=PAGE)
    for content in matrix(page):
        parsed = parse_html(content["formatted_body"])
        assert parsed.tags <= set("p strong em small blockquote ul ol li table tbody tr td th br a".split())
        assert all(link.startswith(PAGE + "document#") for link in parsed.links)
        text = "".join(parsed.out)
        for shown in (text, content["body"].replace(PAGE, "")):
            assert "@room" not in shown
            assert "@bob:" not in shown
            assert "https://" not in shown.replace("https:\u2060", "")


@strange
@given(made=answers())
def test_teams_markdown_is_ours_alone(made: Answer) -> None:
    page = sheet(made, page_url=PAGE)
    allowed = {"text", "softbreak", "inline"}
    for name in ("paragraph", "bullet_list", "list_item", "strong", "em"):
        allowed |= {f"{name}_open", f"{name}_close"}
    for activity in teams(page):
        tokens = list(markdown_tokens(activity["text"]))
        assert {token.type for token in tokens} <= allowed
        assert all(token.type != "strong_open" for token in tokens) or page.status != "grounded"
        for element in walk(activity.get("attachments", [])):
            assert element.get("type") not in ("TextBlock", "Image", "Media", "Action.Execute")
            if "url" in element:
                assert element["url"].startswith(PAGE + "document#")
            if element.get("type") == "TextRun":
                assert "@room" not in element["text"]
                assert "{{" not in element["text"]


@strange
@given(made=answers())
def test_slack_texts_hold_no_live_mention(made: Answer) -> None:
    for message in slack(sheet(made)):
        for element in walk(message):
            text = element.get("text")
            if isinstance(text, str):
                assert "<" not in text
                assert "@channel" not in text
                assert "@here" not in text
                assert "@everyone" not in text


@pytest.mark.parametrize("question", ["What is critical?", "What is a migration crisis?", "per diem?", "which one?"])
@pytest.mark.parametrize(("render", "check", "read"), NETWORKS)
def test_ordinary_answers_fit_one_message(render: Render, check: Any, read: Any, question: str) -> None:
    assert len(render(sheet(FakeAssistant.made(question), page_url=PAGE))) == 1


@pytest.mark.parametrize(("render", "check", "read"), NETWORKS)
def test_sources_link_to_the_document_view_only_when_there_is_one(render: Render, check: Any, read: Any) -> None:
    made = FakeAssistant.made("What is a migration crisis?")
    link = "https://mcof.example.org/document#p-13"
    assert link in str(render(sheet(made, page_url=PAGE)))
    assert "document#" not in str(render(sheet(made)))


def test_slack_buttons_have_accessible_labels() -> None:
    page = sheet(FakeAssistant.made("which one?"))
    buttons = [e for m in slack(page) for b in m["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert [b["accessibility_label"] for b in buttons] == [
        "Choose: What is critical in a health crisis?",
        "Choose: What is critical in a slow-onset natural disaster?",
        "This answer was useful",
        "This answer was not useful",
        "Show this answer to everybody in the channel",
    ]
    assert [b["value"] for b in buttons][:2] == [
        "What is critical in a health crisis?",
        "What is critical in a slow-onset natural disaster?",
    ]


def test_a_quote_shown_in_the_answer_is_not_repeated_among_the_sources() -> None:
    page = sheet(FakeAssistant.made("What is a migration crisis?"))
    assert page.sources[0] == Source(1, "¶13", "", "")
    assert page.sources[1].quote


def test_teams_citations_above_twenty_go_to_a_second_message() -> None:
    """Teams drops the twenty-first citation without a word."""
    from assistant.answer import Paragraph
    from tests.ui.bots.fakes import answer, cite

    refs = [f"¶{n}" for n in range(1, 24)]
    made = answer(
        "All?",
        *(Paragraph(f"Statement {n}.", (n,)) for n in range(1, 24)),
        citations=tuple(cite(n, ref, cite(n, ref).quote[:80]) for n, ref in enumerate(refs, 1)),
    )
    messages = teams(sheet(made))
    counts = [len(m["entities"][0]["citation"]) for m in messages if "entities" in m]
    assert sum(counts) == 23
    assert max(counts) <= 20


def test_undo_restores_what_defuse_changed() -> None:
    from ui.bots.neutral import defuse

    text = "Ask @channel at https://evil.example or bob@iom.int, e.g. U.S. :wave: {{DATE()}}"
    assert undo(defuse(text)) == text
    assert "@channel" not in defuse(text)
