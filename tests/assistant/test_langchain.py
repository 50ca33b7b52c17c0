"""The assistant as a LangChain Runnable and retriever."""

from __future__ import annotations

from itertools import pairwise

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda

from assistant.answer import Turn
from assistant.assistant import Assistant
from assistant.langchain import AssistantRunnable, PassageRetriever
from corpus.errors import InputError

QUESTION = "What is critical during a health crisis?"


@pytest.fixture(scope="module")
def runnable(assistant: Assistant) -> AssistantRunnable:
    return AssistantRunnable(assistant)


def test_invoke_is_ask(runnable: AssistantRunnable, assistant: Assistant) -> None:
    assert runnable.invoke(QUESTION) == assistant.ask(QUESTION)


def test_batch_keeps_the_order(runnable: AssistantRunnable) -> None:
    answers = runnable.batch([QUESTION, "Who coordinates in a health crisis?"])
    assert [a.question for a in answers] == [QUESTION, "Who coordinates in a health crisis?"]


def test_stream_grows_and_ends_with_the_whole_answer(runnable: AssistantRunnable) -> None:
    seen = list(runnable.stream(QUESTION))
    assert seen[-1] == runnable.invoke(QUESTION)
    assert [len(a.blocks) for a in seen] == list(range(1, len(seen) + 1))
    for before, after in pairwise(seen):
        assert after.blocks[: len(before.blocks)] == before.blocks


@pytest.mark.parametrize(
    "value",
    [
        {"question": "and before?", "history": [Turn("user", QUESTION), Turn("assistant", "…")]},
        {"question": "and before?", "history": [("user", QUESTION)]},
        [HumanMessage(QUESTION), AIMessage("…"), HumanMessage("and before?")],
    ],
    ids=["turns", "pairs", "messages"],
)
def test_history_in_the_forms_chains_keep_it(runnable: AssistantRunnable, value: object) -> None:
    answer = runnable.invoke(value)  # type: ignore[arg-type]
    assert {c.key[:2] for c in answer.cells} == {("health", "before")}


@pytest.mark.parametrize("value", [{}, {"question": 3}, [], [AIMessage("x")], {"question": "x", "history": ["y"]}])
def test_an_input_without_a_question_is_told(runnable: AssistantRunnable, value: object) -> None:
    with pytest.raises(InputError):
        runnable.invoke(value)  # type: ignore[arg-type]


def test_it_composes(runnable: AssistantRunnable) -> None:
    assert (runnable | RunnableLambda(lambda answer: answer.status)).invoke(QUESTION) == "grounded"


def test_the_retriever_gives_passages_best_first(assistant: Assistant) -> None:
    documents = PassageRetriever(assistant=assistant, k=3).invoke("evacuation of migrant workers from Lebanon in 2006")
    assert len(documents) == 3
    scores = [d.metadata["score"] for d in documents]
    assert scores == sorted(scores, reverse=True)
    for document in documents:
        passage = assistant.corpus.by_ref[document.metadata["ref"]]
        assert document.page_content == passage.text
        assert document.metadata["source_spans"] == [list(s) for s in passage.spans]
