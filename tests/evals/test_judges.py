"""Opinions of a chat model, and the export for a library that gives some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DatasetError, InputError, SetupError
from corpus.load import Corpus
from evals import store
from evals.export import export_run
from evals.judges import Case, cases, judge_all
from evals.replies import Reply
from tests.evals.fakes import GOOD, REFUSED, item, record, refusal


@dataclass
class FakeJudge:
    """Gives the queued opinions; None fails."""

    queue: list[Mapping[str, float] | None]
    model: str = "fake:1"
    library: str = "fake 1"

    def judge(self, case: Case) -> Mapping[str, float]:
        found = self.queue.pop(0)
        if found is None:
            raise TimeoutError("no answer")
        return found


CASE = Case("Q?", Reply("a", "A.", "grounded"), ("context",))


def test_a_failed_opinion_is_counted_and_not_guessed() -> None:
    found = judge_all(FakeJudge([{"faithfulness": 1.0}, None, {"faithfulness": 0.5}]), [CASE] * 3)
    assert (found["items"], found["failed"], found["model"], found["library"]) == (3, 1, "fake:1", "fake 1")
    assert found["scores"]["faithfulness"]["value"] == 0.75
    assert found["scores"]["faithfulness"]["n"] == 2


def test_a_judge_that_mostly_fails_is_an_error() -> None:
    with pytest.raises(SetupError, match=r"The judge 'fake:1' failed on 2 of 3 replies \(TimeoutError\)\."):
        judge_all(FakeJudge([None, {"faithfulness": 1.0}, None]), [CASE] * 3)


def test_only_answers_to_dev_items_are_judged(corpus: Corpus) -> None:
    records = [record(corpus, item("a")), record(corpus, item("b", split="final")), record(corpus, refusal(), REFUSED)]
    found = cases(records, {p.ref: p.text for p in corpus.passages})
    assert [(c.reply.id, c.contexts) for c in found] == [("a", (corpus.by_ref["Annex I ¶15"].text,))]


def test_openevals_judges_through_a_langchain_model() -> None:
    """The real library with a chat model that replays scores: context and reply reach its prompt."""
    pytest.importorskip("openevals")
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_core.runnables import Runnable, RunnableLambda

    from evals.judges import OpenEvalsJudge

    prompts: list[str] = []

    class Replaying(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "replaying"

        def _generate(self, messages: Sequence[Any], *args: Any, **kwargs: Any) -> ChatResult:
            return ChatResult(generations=[ChatGeneration(message=AIMessage("{}"))])

        def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
            def reply(messages: Any) -> dict[str, float]:
                prompts.append(str(messages))
                return {next(iter(schema["properties"])): 0.5}

            return RunnableLambda(reply)

    found = OpenEvalsJudge("fake:replaying-1", chat_model=Replaying()).judge(CASE)
    assert found == {"faithfulness": 0.5, "answer_relevance": 0.5}
    assert "context" in prompts[0]
    assert "Q?" in prompts[1]


def test_a_judge_names_its_provider() -> None:
    pytest.importorskip("openevals")
    from evals.judges import OpenEvalsJudge

    with pytest.raises(InputError, match="names no provider"):
        OpenEvalsJudge("gpt")


def test_export_for_ragas(tmp_path: Path, corpus: Corpus) -> None:
    asked, never, kept = item("a", turns=("First?",)), refusal("r"), item("f", split="final")
    records = [record(corpus, asked), record(corpus, never, REFUSED), record(corpus, kept)]
    store.write_run(tmp_path, records, store.summarise(records, corpus, dataset="s", system="x"))
    lines = export_run(tmp_path, [asked, never, kept], corpus)
    text = corpus.by_ref["Annex I ¶15"].text
    assert lines == [
        {
            "user_input": f"First?\n{asked.question}",
            "response": GOOD.answer,
            "retrieved_contexts": [text],
            "retrieved_context_ids": ["Annex I ¶15"],
            "reference_contexts": [text],
            "reference_context_ids": ["Annex I ¶15"],
            "reference": asked.gold_quotes[0],
        },
        {
            "user_input": never.question,
            "response": REFUSED.answer,
            "retrieved_contexts": [],
            "retrieved_context_ids": [],
            "reference_contexts": [],
            "reference_context_ids": [],
            "reference": "The document does not say.",
        },
    ]


def test_export_of_the_wrong_thing(tmp_path: Path, corpus: Corpus) -> None:
    records = [record(corpus, item("a"))]
    store.write_run(tmp_path, records, store.summarise(records, corpus, dataset="s", system="x"))
    with pytest.raises(InputError, match="Unknown format 'csv'; expected ragas"):
        export_run(tmp_path, [item("a")], corpus, "csv")
    with pytest.raises(DatasetError, match="made with another corpus"):
        export_run(tmp_path, [item("a")], replace(corpus, source="other"))
    with pytest.raises(DatasetError, match="no dev item in common"):
        export_run(tmp_path, [item("b")], corpus)
