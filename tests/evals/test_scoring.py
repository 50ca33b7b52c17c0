"""The scoring rules of the evaluation set, case by case."""

import pytest

from evals.dataset import Item
from evals.replies import Cited, Reply
from evals.scoring import asserted, includes, normalise, normalised_sentences, score


def item(**changes: object) -> Item:
    fields: dict[str, object] = {"id": "x", "question": "Who leads?", "kind": "fact", "answerable": True}
    return Item(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Shelter is **critical** [1][3].", "shelter is critical."),
        ("it’s “planned” – really", 'it\'s "planned" - really'),
        ("a\n\n  b\tc", "a b c"),
        ("- first\n- second", "first second"),
        ("see [the text](#p-13) and <b>more</b>", "see the text and more"),
        ("markers [1, 2] go, [sic] stays", "markers go, [sic] stays"),
        ("non\u2011food items", "non-food items"),
        ("### Title\nText", "title text"),
        ("snake_case stays, _emphasis_ goes", "snake_case stays, emphasis goes"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("10", "They built 10 camps.", True),
        ("10", "They built 10.", True),
        ("10", "They built 10, then more.", True),
        ("10", "They built 10,000 camps.", False),
        ("10", "In 2010 they built camps.", False),
        ("10", "See Annex I ¶10.", False),
        ("10", "They built 2.10 camps.", False),
        ("10", "They built camps [10].", False),
        ("250,000", "Some 250,000 people.", True),
        ("250,000", "Some 1,250,000 people.", False),
        ("2012", "from 2011-2012 on", True),
        ("50%", "about 50% of them", True),
        ("18 countries", "in 18 countries", True),
        ("niger", "camps in Nigeria", True),  # only a bare number must stand alone
        ("Third-Country", "third\u2010country nationals", True),
        ("", "anything", False),
    ],
)
def test_includes(phrase: str, text: str, expected: bool) -> None:
    assert includes(phrase, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Shelter is critical before.", "asserted"),
        ("The text does not say that shelter is critical before.", "review"),
        ("I cannot tell whether shelter is critical before.", "review"),
        ("It isn’t so that shelter is critical before.", "review"),
        ("It does not say so. Shelter is critical before.", "asserted"),
        ("It does not say so.\nShelter is critical before", "asserted"),
        ("Not so: shelter is critical before. And yes, shelter is critical before.", "asserted"),
        ("Shelter is important.", "no"),
    ],
)
def test_asserted_looks_at_the_sentence_that_holds_the_claim(text: str, expected: str) -> None:
    assert asserted("shelter is critical before", text) == expected


def test_a_claim_across_two_sentences_is_hedged_by_either() -> None:
    assert asserted("level. it", "There is no level. It is critical.") == "review"


def test_sentences_end_at_line_breaks() -> None:
    assert normalised_sentences("Table:\n- Health: critical [1]\nDone. Really?") == (
        "table:",
        "health: critical",
        "done.",
        "really?",
    )


def test_citations_are_not_part_of_the_reply() -> None:
    """A reply that only cites the figure has not said it."""
    reply = Reply("x", "See the source [1].", "grounded", (Cited("¶13", "35,000 people"),))
    verdict = score(item(must_include=(("35,000",),)), reply)
    assert not verdict.passed
    assert verdict.reasons == ("lacks '35,000'",)


@pytest.mark.parametrize(
    ("answerable", "status", "answer", "passed", "reasons"),
    [
        (True, "grounded", "IOM leads.", True, ()),
        (True, "partial", "IOM leads.", True, ()),
        (True, "not_in_document", "IOM leads.", False, ("refused (not_in_document) though the document answers",)),
        (True, "needs_clarification", "IOM leads?", False, ("asked back instead of answering",)),
        (False, "not_rated", "The text gives no level.", True, ()),
        (False, "out_of_scope", "That is another matter.", True, ()),
        (False, "needs_clarification", "Which one?", False, ("asked back instead of abstaining",)),
        (False, "grounded", "IOM leads.", False, ("answered (grounded) though the document does not say",)),
    ],
)
def test_status_decides_abstention(
    answerable: bool, status: str, answer: str, passed: bool, reasons: tuple[str, ...]
) -> None:
    groups = (("iom",),) if answerable else ()
    verdict = score(item(answerable=answerable, must_include=groups), Reply("x", answer, status))
    assert (verdict.passed, verdict.reasons) == (passed, reasons)


def test_a_hedged_forbidden_claim_is_for_review_and_not_passed() -> None:
    forbidden = ("drr is critical",)
    reply = Reply("x", "It is not said that DRR is critical.", "not_rated")
    verdict = score(item(answerable=False, must_not_include=forbidden), reply)
    assert (verdict.passed, verdict.review, verdict.forbidden) == (False, True, ())


def test_review_is_only_for_what_would_pass_otherwise() -> None:
    reply = Reply("x", "It is not said that DRR is critical.", "grounded")
    verdict = score(item(answerable=False, must_not_include=("drr is critical",)), reply)
    assert (verdict.passed, verdict.review) == (False, False)


def test_groups_need_one_alternative_each() -> None:
    verdict = score(item(must_include=(("niger", "jordan"), ("mali",))), Reply("x", "To Jordan.", "grounded"))
    assert (verdict.groups, verdict.groups_found, verdict.reasons) == (2, 1, ("lacks 'mali'",))
