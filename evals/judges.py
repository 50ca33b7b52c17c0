"""Optional opinions of a chat model about the replies: faithfulness and answer relevance.

They stand apart from every other number and never decide anything. The judge
is named in full by whoever runs it (``openai:gpt-4.1-2025-04-14``), asked at
temperature 0, and recorded with the version of the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from corpus.errors import InputError, SetupError
from evals.measure import number
from evals.replies import Reply

#: Share of replies that may fail to get an opinion before the result is thrown away.
MAX_LOST = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """What a judge is shown: the conversation, the reply, and the passages it rests on."""

    question: str
    reply: Reply
    contexts: tuple[str, ...]


class Judge(Protocol):
    """Gives opinions from 0 to 1 by name, higher is better; an empty mapping where it has none."""

    model: str
    library: str

    def judge(self, case: Case) -> Mapping[str, float]: ...


class OpenEvalsJudge:
    """The prompts of openevals for groundedness and answer relevance, asked of a LangChain chat model."""

    def __init__(self, model: str, *, chat_model: Any = None) -> None:  # noqa: ANN401 - langchain's BaseChatModel
        """``model`` is a name of ``init_chat_model``, provider first; ``chat_model`` replaces what it names.

        Raises:
            SetupError: openevals or the provider's package is not installed, or the model cannot be set up.
        """
        try:
            from openevals.llm import create_llm_as_judge
            from openevals.prompts import ANSWER_RELEVANCE_PROMPT, RAG_GROUNDEDNESS_PROMPT
        except ImportError as error:
            raise SetupError(
                "The package openevals is not installed.", remedy="Run 'pip install mcof-assistant[judges]'."
            ) from error
        self.model = model
        self.library = f"openevals {version('openevals')}"
        if chat_model is None:
            chat_model = _chat_model(model)
        prompts = {"faithfulness": RAG_GROUNDEDNESS_PROMPT, "answer_relevance": ANSWER_RELEVANCE_PROMPT}
        self._evaluators = {
            name: create_llm_as_judge(
                prompt=prompt, judge=chat_model, feedback_key=name, continuous=True, use_reasoning=False
            )
            for name, prompt in prompts.items()
        }

    def judge(self, case: Case) -> dict[str, float]:
        contexts = "\n\n".join(case.contexts)
        found: dict[str, Any] = {
            "faithfulness": self._evaluators["faithfulness"](context=contexts, outputs=case.reply.answer),
            "answer_relevance": self._evaluators["answer_relevance"](inputs=case.question, outputs=case.reply.answer),
        }
        return {name: min(1.0, max(0.0, float(result["score"]))) for name, result in found.items()}


def _chat_model(model: str) -> Any:  # noqa: ANN401
    from langchain.chat_models import init_chat_model

    if ":" not in model:
        raise InputError(f"The judge {model!r} names no provider; write it as provider:model, pinned to a version.")
    try:
        return init_chat_model(model, temperature=0)
    except Exception as error:
        raise SetupError(f"The judge {model!r} cannot be set up: {str(error).splitlines()[0]}") from error


def judge_all(judge: Judge, cases: Iterable[Case]) -> dict[str, Any]:
    """Mean opinions with their intervals; a case the judge fails on is counted, not guessed.

    Raises:
        SetupError: the judge failed on more than half of the cases.
    """
    opinions: dict[str, list[float]] = {}
    asked = lost = 0
    reason = ""
    for case in cases:
        asked += 1
        try:
            scores = judge.judge(case)
        except Exception as error:  # a chat model can fail in any way; one failure must not lose the others
            lost, reason = lost + 1, type(error).__name__
            continue
        for name, value in scores.items():
            opinions.setdefault(name, []).append(value)
    if asked and lost > asked * MAX_LOST:
        raise SetupError(f"The judge {judge.model!r} failed on {lost} of {asked} replies ({reason}).")
    scores_by_name = {name: number(values, share=False) for name, values in sorted(opinions.items())}
    return {"model": judge.model, "library": judge.library, "items": asked, "failed": lost, "scores": scores_by_name}


def cases(records: Sequence[Any], passages: Mapping[str, str]) -> list[Case]:
    """The answered ``dev`` items of a run, each with the passages it cites."""
    return [
        Case(
            "\n".join((*r.item.turns, r.item.question)),
            r.reply,
            tuple(passages[ref] for ref in r.reply.cited_refs if ref in passages),
        )
        for r in records
        if r.item.split == "dev" and not r.reply.abstained and not r.reply.clarified
    ]
