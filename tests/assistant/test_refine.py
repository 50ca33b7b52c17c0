"""A message's slots completed by the learned model: what a score is worth, one key at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.refine import _rivals, is_decided, refine
from assistant.slots import INTENTS, THRESHOLDS, Slots
from assistant.understanding import Intent, Understanding
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS


def slots(**scores: dict[str, float] | dict[int, float]) -> Slots:
    """Scores of 0.05 but for those named."""

    def all_of(kind: str, keys: tuple[object, ...]) -> dict[object, float]:
        return dict.fromkeys(keys, 0.05) | dict(scores.get(kind, {}))

    return Slots(
        crises=all_of("crises", CRISES),  # type: ignore[arg-type]
        phases=all_of("phases", PHASES),  # type: ignore[arg-type]
        sectors=all_of("sectors", tuple(SECTOR_NUMBERS)),  # type: ignore[arg-type]
        levels=all_of("levels", LEVELS),  # type: ignore[arg-type]
        intents=all_of("intents", INTENTS),  # type: ignore[arg-type]
    )


RATING = {"rating": 0.9}
U = Understanding("which of it counts once the water is gone", "", "en", ("water",))


@pytest.mark.parametrize(
    ("scores", "threshold", "share", "found"),
    [
        ({"before": 0.1, "during": 0.45, "after": 0.44}, 0.38, 0.88, ("during", "after")),
        ({"before": 0.1, "during": 0.44, "after": 0.45}, 0.38, 0.88, ("during", "after")),
        ({"before": 0.50, "during": 0.1, "after": 0.44}, 0.38, 0.88, ("before", "after")),
        ({"before": 0.1, "during": 0.50, "after": 0.43}, 0.38, 0.88, ()),
        ({"before": 0.1, "during": 0.37, "after": 0.36}, 0.38, 0.88, ()),
        ({"before": 0.1, "during": 0.56, "after": 0.55}, 0.38, 0.88, ()),
        ({"before": 0.1, "during": 0.50, "after": 0.31}, 0.38, 0.60, ("during", "after")),
    ],
    ids=[
        "two alike", "in the table's order", "just enough: .44 = .88 * .50", "too far behind", "neither is likely",
        "the first is sure", "a lower share",
    ],
)  # fmt: skip
def test_two_are_answered_for_where_both_are_likely(
    scores: dict[str, float], threshold: float, share: float, found: tuple[str, ...]
) -> None:
    assert _rivals(scores, threshold, share) == found


@pytest.mark.parametrize(
    ("u", "phases", "found"),
    [
        (U, {"during": 0.45, "after": 0.44}, ("during", "after")),
        (U, {"during": 0.70, "after": 0.68}, ("during",)),
        (U, {"during": 0.45, "after": 0.20}, ("during",)),
        (U, {"during": 0.30, "after": 0.29}, ()),
        (replace(U, phases=("before",)), {"during": 0.45, "after": 0.44}, ("before",)),
        (replace(U, weak_phases=("after",)), {"during": 0.45, "after": 0.44}, ("after",)),
        (replace(U, which_phases=True), {"during": 0.45, "after": 0.44}, ()),
        (replace(U, phases=PHASES), {"during": 0.9}, PHASES),
    ],
    ids=[
        "two rivals", "sure of one", "one is likely", "none is likely", "a word decides", "an ambiguous word decides",
        "phases are asked for", "all are named",
    ],
)  # fmt: skip
def test_phases_of_a_rating(u: Understanding, phases: dict[str, float], found: tuple[str, ...]) -> None:
    """“Once the water is gone” was answered for one phase by a hair: of two alike, both are shown."""
    assert refine(u, slots(intents=RATING, phases=phases)).phases == found


def test_crises_have_rivals_sooner_than_phases() -> None:
    """.30 is .65 of .46: enough among crises (.6), too little among phases (.88)."""
    scores = slots(
        intents=RATING, crises={"sudden_onset": 0.46, "slow_onset": 0.30}, phases={"during": 0.46, "after": 0.30}
    )
    found = refine(U, scores)
    assert set(found.crises) == {"sudden_onset", "slow_onset"}
    assert found.phases == ("during",)
    assert refine(replace(U, weak_crises=("slow_onset",)), scores).crises == ("sudden_onset",)


@pytest.mark.parametrize(
    ("intent", "scores", "found"),
    [
        ("definition", {"rating": 0.85, "definition": 0.35}, "rating"),
        ("definition", {"rating": 0.79, "definition": 0.35}, "definition"),
        ("definition", {"rating": 0.72, "definition": 0.29}, "rating"),
        ("definition", {"rating": 0.46, "definition": 0.19}, "rating"),
        ("definition", {"rating": 0.44, "definition": 0.10}, "definition"),
        ("other", {"coordination": 0.46, "other": 0.40}, "coordination"),
        ("other", {"coordination": 0.44, "other": 0.40}, "other"),
        ("reason", {"rating": 0.90, "other": 0.05}, "rating"),
    ],
    ids=[
        "outright: a lead of .50", "a lead of .44", "surely another", "a pattern that is unlikely",
        "none is likely", "an uncertain one is replaced", "none is taken", "not scored at all",
    ],
)  # fmt: skip
def test_the_kind_of_question(intent: Intent, scores: dict[str, float], found: Intent) -> None:
    """A lead of .45 (_OUTRIGHT) replaces what a pattern found, though that scores well itself."""
    assert refine(replace(U, intent=intent), slots(intents=scores)).intent == found


def test_a_whole_cell_stays_a_rating() -> None:
    u = replace(U, intent="rating", crises=("health",), phases=("during",), sectors=(4,))
    assert refine(u, slots(intents={"definition": 0.99})).intent == "rating"


def test_compared_crises_are_a_rating_sooner() -> None:
    u = replace(U, crises=("health", "sudden_onset"), comparison=True)
    assert refine(u, slots(intents={"rating": 0.36, "definition": 0.60})).intent == "rating"
    assert refine(u, slots(intents={"rating": 0.34, "definition": 0.60})).intent == "definition"


def test_a_doubtful_sector_is_told_apart() -> None:
    """Only an ambiguous word speaks for it, at a score below the threshold: the reply asks back."""
    doubtful, sure = THRESHOLDS["sectors"] - 0.05, THRESHOLDS["sectors"] + 0.05
    u = replace(U, weak_sectors=(2,))
    guessed = refine(u, slots(intents=RATING, sectors={2: doubtful}))
    assert (guessed.sectors, guessed.sector_guessed) == ((2,), True)
    believed = refine(u, slots(intents=RATING, sectors={2: sure}))
    assert (believed.sectors, believed.sector_guessed) == ((2,), False)


@pytest.mark.parametrize(
    ("u", "decided"),
    [
        (replace(U, intent="thanks"), True),
        (replace(U, tokens=("water", "gone")), True),
        (replace(U, tokens=("water", "gone", "people", "camps")), False),
        (replace(U, intent="coordination", tokens=("water", "gone", "camps")), False),
    ],
    ids=["a courtesy", "too short to judge", "words are left over", "a crisis is missing"],
)
def test_what_needs_no_model(u: Understanding, decided: bool) -> None:
    assert is_decided(u) is decided
