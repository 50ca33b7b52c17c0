"""Names and explanations that the report gives to kinds and numbers, for a reader who knows none of them."""

from __future__ import annotations

KIND_TITLES: dict[str, str] = {
    "matrix_cell": "Rating of one sector in one situation",
    "matrix_list": "What is critical or important in a situation",
    "matrix_reverse": "Where a sector counts",
    "matrix_not_stated": "Ratings that the text does not give (to be refused)",
    "definition": "Definitions",
    "fact": "Facts: figures, dates, places, names",
    "coordination": "Who works with whom",
    "comparison": "Comparisons",
    "follow_up": "Follow-up questions in a conversation",
    "hard_wording": "Questions in words the document does not use",
    "phrasing_noise": "Misspelled, telegraphic, French or Spanish",
    "french": "In French",
    "spanish": "In Spanish",
    "near_miss": "On the subject, but not in the document (to be refused)",
    "false_premise": "Questions that assume something wrong (to be corrected or refused)",
    "off_topic": "Off topic (to be refused)",
    "injection": "Attempts to give the assistant orders",
    "unanswerable": "Not answered by the document (to be refused)",
}

CRISIS_TITLES = (
    "Man-made disaster",
    "Sudden-onset disaster",
    "Slow-onset disaster",
    "Protracted crisis",
    "Health crisis",
)
PHASE_TITLES = ("Before", "During", "After")

#: Terms of the report that are no metric of a single item.
OTHER_TERMS: tuple[tuple[str, str], ...] = (
    ("Refused where due", "of the questions that the document does not answer, the share that was refused"),
    ("Refusals that were right", "of all refusals, the share on questions that the document does not answer"),
    (
        "False refusals",
        "of the questions that the document answers, the share that was refused all the same; low is good",
    ),
    ("For review", "replies with a forbidden claim beside a negation: a person decides; counted as not right"),
    (
        "Asked back",
        "replies that ask which of several things is meant: neither an answer nor a refusal; counted as not right",
    ),
    ("95% interval", "with other questions of the same sort, the number would fall in this range 19 times out of 20"),
    ("p-value", "how often a difference at least this large comes about by chance alone (McNemar's test)"),
)


def kind_title(kind: str) -> str:
    """The kind in words; a kind of somebody's own data set keeps its name."""
    return KIND_TITLES.get(kind, kind.replace("_", " "))
