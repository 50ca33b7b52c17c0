"""Following up: what a message leans on, how it would be asked alone, and the learned model of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.dialogue import KINDS, DialogueModel, Turned, features, learn
from assistant.lexicon import Lexicon
from assistant.records import build_records
from assistant.retrieval import HybridRetriever
from assistant.stemvectors import StemVectors
from assistant.text import fold
from assistant.understanding import (
    CORRECTS,
    NEW_SUBJECT,
    POINTS_AT,
    SAYS,
    WHERE_TO,
    Understanding,
    names_only,
    read,
    standing_alone,
    understand,
)
from corpus.load import Corpus
from tests.fakes import KeywordEncoder, assistant_in_memory


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    return assistant_in_memory(corpus).lexicon


MEFM = "What is the Migration Emergency Funding Mechanism?"
LIBYA = "How many migrants did IOM evacuate from Libya?"


@pytest.mark.parametrize(
    ("before", "message", "alone"),
    [
        (MEFM, "who were the first donors to it?", "who were the first donors to Migration Emergency Funding Mechanism?"),
        (LIBYA, "Where were they taken?", "Where were migrants IOM evacuate Libya taken?"),
        (MEFM, "and when?", f"{MEFM} and when?"),
        (LIBYA, "and from Lebanon?", "How many migrants did IOM evacuate from Lebanon?"),
        (LIBYA, "and from Lebanon in the spring?", "How many migrants did IOM evacuate from Lebanon in the spring?"),
        ("How many asked in the Libyan crisis?", "and for Syria?", "How many asked in the crisis? and for Syria?"),
        ("Which sectors are critical in a flood?", "and after?", "Which sectors are critical in a flood? and after?"),
        ("What is it?", "who runs it?", "What is it? who runs it?"),
        (LIBYA, f"{LIBYA} When?", f"{LIBYA} When?"),
    ],
    ids=[
        "a pronoun is replaced", "a pronoun in the middle", "no pronoun: both", "the same of another place", "more of another place", "an adjective", "a slot: both",
        "nothing for it to stand for: both", "the question before is repeated",
    ],
)  # fmt: skip
def test_a_follow_up_as_it_would_be_asked_alone(lexicon: Lexicon, before: str, message: str, alone: str) -> None:
    """Both questions in a row found what the first asked: "who were the donors to it?" was answered with what it is."""
    assert standing_alone(read(message, lexicon), read(before, lexicon)) == alone


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_messages_can_be_joined(before: str, message: str) -> None:
    small = Lexicon(())
    found = standing_alone(read(message, small), read(before, small))
    assert isinstance(found, str)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("during a cholera epidemic?", True),
        ("shelter", True),
        ("after", True),
        ("a flood in Haiti", False),
        ("who leads in a flood?", False),
        ("is shelter critical in a flood?", False),
        ("compare a flood and a war", False),
        ("thanks", False),
        ("", False),
    ],
    ids=[
        "a crisis and a phase", "a sector", "a phase", "a place that is no term", "a question word", "a rating",
        "a comparison", "a courtesy", "nothing",
    ],
)  # fmt: skip
def test_messages_that_only_name(lexicon: Lexicon, message: str, names: bool) -> None:
    assert names_only(read(message, lexicon)) is names


@pytest.mark.parametrize(
    ("message", "new"),
    [
        ("By the way, who leads the cluster?", True),
        ("ok, different question: who leads?", True),
        ("Now let's turn to floods", True),
        ("Right, moving on to the donors", True),
        ("leave that, what about the donors?", True),
        ("on another note, who wrote it?", True),
        ("Something else: who leads?", True),
        ("Never mind. Who leads?", True),
        ("thanks. one more: labour migration", True),
        ("ok, one last thing - who leads?", True),
        ("one more phase?", False),
        ("one more thing: and before it?", False),
        ("a quick question: does it also lead there?", False),
        ("ok, one more - and in a war?", False),
        ("thanks. one more: what about labour migration", True),
        ("What else?", False),
        ("Is there something else?", False),
        ("and after?", False),
        ("new phases?", False),
        ("Change the rating", False),
        ("Which way do they leave?", False),
    ],
)
def test_what_announces_a_new_subject(message: str, new: bool) -> None:
    assert (NEW_SUBJECT.match(fold(message)) is not None) is new


@pytest.mark.parametrize(
    ("message", "corrects"),
    [
        ("sorry, I meant the epidemic", True),
        ("I mean after", True),
        ("wrong crisis, it is a flood", True),
        ("no, in a flood", True),
        ("Oops: after, please", True),
        ("no, not in a war", True),
        ("I was talking about Libya", True),
        ("what does it mean?", False),
        ("No shelter in a flood?", False),
        ("Is nothing important before a war?", False),
        ("in a flood, no?", False),
    ],
)
def test_what_puts_the_message_before_right(message: str, corrects: bool) -> None:
    assert (CORRECTS.search(fold(message)) is not None) is corrects


@pytest.mark.parametrize(
    ("message", "points"),
    [
        ("who leads in that phase?", True),
        ("and in this kind of crisis", True),
        ("is that sector critical?", True),
        ("the same scenario, after", True),
        ("what about such a disaster", True),
        ("is that critical?", False),
        ("the phase after", False),
        ("which crisis is this?", False),
    ],
)
def test_what_only_the_turn_before_can_name(message: str, points: bool) -> None:
    assert (POINTS_AT.search(fold(message)) is not None) is points


@pytest.mark.parametrize(
    ("message", "asks_place"),
    [
        ("Where to?", True),
        ("and from where?", True),
        ("to where", True),
        ("And where from exactly?", True),
        ("Where is it written?", False),
        ("from Libya", False),
        ("they went where to?", False),
    ],
)
def test_where_to_asks_for_a_place(message: str, asks_place: bool) -> None:
    """“Where to?” after the evacuation from Libya was answered with the paragraph that says so."""
    assert (WHERE_TO.match(fold(message)) is not None) is asks_place


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("who says that?", True),
        ("according to whom", True),
        ("Who is behind this?", True),
        ("who drafted it", True),
        ("source?", True),
        ("whose idea was it", False),
        ("who leads?", False),
        ("who essays", False),
    ],
)
def test_what_asks_who_says_so(message: str, says: bool) -> None:
    assert (SAYS.search(fold(message)) is not None) is says


def test_a_message_that_leans_is_completed_by_whoever_judges(lexicon: Lexicon) -> None:
    """The judge may say what the message asks about the reply; what does not lean inherits nothing."""

    def as_reason(u: Understanding, before: str) -> Understanding:
        assert before == "is shelter critical in a flood?"
        return replace(u, intent="reason")

    earlier = ["is shelter critical in a flood?"]
    leaning = understand("on what grounds", earlier, lexicon, leaning=as_reason)
    assert (leaning.intent, leaning.sectors, leaning.follow_up) == ("reason", (2,), True)
    alone = understand("on what grounds", earlier, lexicon, leaning=lambda u, before: None)
    assert (alone.sectors, alone.follow_up) == ((), False)


# --- the learned model


@pytest.fixture(scope="module")
def taught(corpus: Corpus, lexicon: Lexicon) -> tuple[Corpus, HybridRetriever, DialogueModel]:
    """What two hundred dialogues teach, over an encoder that knows words only."""
    small = replace(
        corpus, dialogues=corpus.dialogues[:200], entry_points=(), utterances=(), not_covered=(), calibration=()
    )
    encoder = KeywordEncoder(dim=128)
    records = build_records(small)
    retriever = HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)
    model = learn(small, retriever, lambda text: read(text, lexicon))
    assert model is not None
    return small, retriever, model


def turned(message: str, before: str, lexicon: Lexicon, retriever: HybridRetriever) -> Turned:
    return Turned(read(message, lexicon), retriever.encode(message), before, retriever.encode(before))


def test_the_dialogues_it_learned_from_are_told_apart(
    taught: tuple[Corpus, HybridRetriever, DialogueModel], lexicon: Lexicon
) -> None:
    small, retriever, model = taught
    found = [model.leans(turned(r.question, r.last, lexicon, retriever), retriever) for r in small.dialogues]
    assert all(0 <= p <= 1 for p in found)
    right = sum((p >= 0.5) == (r.leans == "1") for p, r in zip(found, small.dialogues, strict=True))
    assert right >= 0.85 * len(found)


def test_kinds_of_request_are_believed_only_when_sure(taught: tuple[Corpus, HybridRetriever, DialogueModel]) -> None:
    small, retriever, model = taught
    found = [(model.about_reply(r.question, retriever.encode(r.question)), r.asks) for r in small.dialogues]
    believed = [(kind, asked) for kind, asked in found if kind != "other"]
    assert sum(kind == asked for kind, asked in believed) >= 0.95 * len(believed)
    assert len(believed) >= 0.5 * sum(asked != "other" for _, asked in found)
    for unknown in ("xyzzy plugh", "", "?"):
        assert model.about_reply(unknown, retriever.encode(unknown)) == "other"


def test_the_model_is_the_same_after_writing_and_reading(
    taught: tuple[Corpus, HybridRetriever, DialogueModel], lexicon: Lexicon, tmp_path: Path
) -> None:
    small, retriever, model = taught
    model.save(tmp_path / "dialogue.npz")
    again = DialogueModel.load(tmp_path / "dialogue.npz")
    for row in small.dialogues[::20]:
        turn = turned(row.question, row.last, lexicon, retriever)
        assert again.leans(turn, retriever) == model.leans(turn, retriever)
        assert again.about_reply(row.question, turn.vector) == model.about_reply(row.question, turn.vector)


def test_equal_dialogues_teach_equal_models(
    taught: tuple[Corpus, HybridRetriever, DialogueModel], lexicon: Lexicon, tmp_path: Path
) -> None:
    small, retriever, model = taught
    again = learn(small, retriever, lambda text: read(text, lexicon))
    assert again is not None
    model.save(tmp_path / "a.npz")
    again.save(tmp_path / "b.npz")
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.mark.parametrize("leans", [None, "0", "1"], ids=["no dialogues", "none leans", "all lean"])
def test_nothing_to_tell_apart_teaches_nothing(
    taught: tuple[Corpus, HybridRetriever, DialogueModel], lexicon: Lexicon, leans: str | None
) -> None:
    """Of one class alone, the weight of the other was divided by zero and every probability was NaN."""
    small, retriever, _ = taught
    rows = tuple(r for r in small.dialogues if r.leans == leans)
    assert learn(replace(small, dialogues=rows), retriever, lambda text: read(text, lexicon)) is None


def test_features_are_finite_whatever_is_written(
    taught: tuple[Corpus, HybridRetriever, DialogueModel], lexicon: Lexicon
) -> None:
    _, retriever, _ = taught
    sizes = set()
    for message, before in (("", ""), ("?!", "…"), ("and after?", ""), ("漢字", "x" * 3000), ("¿y después?", "¿qué?")):
        values = features(turned(message, before, lexicon, retriever), retriever, 0.0)
        assert np.isfinite(values).all()
        sizes.add(len(values))
    assert len(sizes) == 1


def tiny() -> DialogueModel:
    stems = StemVectors(["why", "that"], np.array([1.0, 2.0]), counted=False)
    wording, kinds = np.zeros(5), np.zeros((5, len(KINDS)))
    return DialogueModel(stems, wording, kinds, (np.zeros(3), np.ones(3), np.ones(4)))


@pytest.mark.parametrize("damage", ["half", "empty", "text", "lacking", "one array"])
def test_a_file_that_cannot_be_used_is_one_kind_of_error(tmp_path: Path, damage: str) -> None:
    """The assistant follows up by patterns then; anything but ValueError or OSError would end the answer."""
    path = tmp_path / "dialogue.npz"
    tiny().save(path)
    whole = path.read_bytes()
    if damage == "lacking":
        with path.open("wb") as handle:
            np.savez(handle, idf=np.ones(2))
    elif damage == "one array":
        with path.open("wb") as handle:
            np.save(handle, np.ones(2))
    else:
        path.write_bytes({"half": whole[: len(whole) // 2], "empty": b"", "text": b"not an archive"}[damage])
    with pytest.raises(ValueError, match=r"damaged|pickle|file"):
        DialogueModel.load(path)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DialogueModel.load(tmp_path / "dialogue.npz")


def test_another_place_takes_the_place_of_the_one_before() -> None:
    """After a question about Lebanon, "and from Libya?" was answered with Lebanon: its name and figure were searched for too."""
    lexicon = Lexicon(())
    before = read("How did IOM evacuate 250,000 people from Lebanon?", lexicon)
    assert standing_alone(read("and from Libya?", lexicon), before) == "How did IOM evacuate people from Libya?"
    kept = "How did IOM evacuate 250,000 people from Lebanon? and by sea?"
    assert standing_alone(read("and by sea?", lexicon), before) == kept
