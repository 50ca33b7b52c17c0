"""The assistant inside other people's LangChain chains: a Runnable, and a retriever of passages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict, Field

from assistant.answer import Answer, Turn
from assistant.assistant import Assistant
from assistant.understanding import understand
from corpus.errors import InputError

#: A question; a mapping of ``question`` and, if wanted, ``history``; or messages, the last being the question.
Question = str | Mapping[str, Any] | Sequence[BaseMessage]


class AssistantRunnable(Runnable[Question, Answer]):
    """The assistant as a Runnable.

    ``invoke`` and ``batch`` give answers. ``stream`` gives the answer block by
    block: each value holds one block more than the one before, the last is the
    whole answer, as ``invoke`` would have given it.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: ANN401 - LangChain's own signature
        """Answer a question.

        Raises:
            InputError: the input holds no question.
            IndexUnusableError, ModelError: a passage is needed and cannot be searched.
        """
        return self._call_with_config(self._ask, input, config, **kwargs)

    def stream(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Answer]:  # noqa: ANN401 - LangChain's own signature
        """The answer, growing by a block at a time; nothing shown is taken back. The last value is ``complete``."""
        yield from self._transform_stream_with_config(iter([input]), self._stream, config, **kwargs)

    def _stream(self, values: Iterator[Question]) -> Iterator[Answer]:
        for value in values:
            yield from self.assistant.stream(*question_and_history(value))

    def _ask(self, value: Question) -> Answer:
        question, history = question_and_history(value)
        return self.assistant.ask(question, history)


def question_and_history(value: Question) -> tuple[str, list[Turn]]:
    """What is asked, and the turns before it, oldest first.

    Raises:
        InputError: there is no question in it.
    """
    if isinstance(value, str):
        return value, []
    if isinstance(value, Mapping):
        question = value.get("question")
        if not isinstance(question, str):
            raise InputError("A mapping given to the assistant needs the question as text under 'question'.")
        return question, [_turn(t) for t in value.get("history") or ()]
    messages = list(value)
    if not messages or not isinstance(messages[-1], BaseMessage) or messages[-1].type != "human":
        raise InputError("The last of the messages must be the user's question.")
    return str(messages[-1].text), [_turn(m) for m in messages[:-1] if m.type in ("human", "ai")]


def _turn(value: Any) -> Turn:  # noqa: ANN401 - whatever a chain keeps as history
    if isinstance(value, Turn):
        return value
    if isinstance(value, BaseMessage):
        return Turn("user" if value.type == "human" else "assistant", str(value.text))
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        role, text = value
        return Turn("user" if role in ("user", "human") else "assistant", str(text))
    raise InputError("The history must hold turns, messages, or pairs of role and text.")


class PassageRetriever(BaseRetriever):
    """Passages for a question, best first, at most ``k``: words and embeddings ranked together.

    A document's text is the whole passage; its metadata hold the label
    (``ref``), ``anchor``, ``heading_path``, ``source_spans`` and ``score``
    (higher is better).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    k: int = Field(5, ge=1, le=50)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        u = understand(query, [], self.assistant.lexicon)
        ranking = self.assistant.retriever.rank(u.english, u.english_tokens, foreign=u.foreign_stems)
        documents = []
        for hit in ranking.passages(self.k):
            passage = self.assistant.corpus.by_ref[hit.ref]
            metadata = {
                "ref": passage.ref,
                "anchor": passage.anchor,
                "heading_path": list(passage.heading_path),
                "source_spans": [list(span) for span in passage.spans],
                "score": hit.score,
            }
            documents.append(Document(page_content=passage.text, metadata=metadata, id=passage.ref))
        return documents
