"""The one-document benchmark: articles that nobody here wrote, each a corpus of its own.

Every folder holds ``document.md`` and ``questions.jsonl``. The article becomes a
corpus without tables, is ingested like any other, and the same assistant
answers; nothing is adjusted to it. Questions of the other articles serve as
off-topic ones.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from assistant.settings import Settings
from corpus.errors import InputError, StorageError
from corpus.load import Corpus, load_corpus
from evals.dataset import Item, load_dataset
from evals.measure import Record, number, times
from evals.probe import Probe
from evals.runner import run
from evals.store import totals
from evals.suite import Progress, quiet
from evals.systems import AssistantSystem

if TYPE_CHECKING:
    from assistant.answerability.model import AnswerabilityModel
    from assistant.assistant import Assistant

#: Off-topic questions asked of each article, taken evenly from the others.
OFF_TOPIC = 40


@dataclass(frozen=True, slots=True)
class Article:
    """One document of the benchmark with its questions."""

    name: str
    folder: Path
    items: tuple[Item, ...]


def title_of(text: str, name: str) -> str:
    """The first heading, else the folder's name in words."""
    found = re.search(r"(?m)^#\s+(.+?)\s*$", text)
    return found[1] if found else name.replace("_", " ")


def corpus_toml(name: str, title: str) -> str:
    """``corpus.toml`` of an article."""
    values = {
        "id": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "document",
        "symbol": title,
        "title": title,
        "date": "",
        "parser": "paragraphs",
    }
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def load_articles(folder: Path) -> list[Article]:
    """The articles of a benchmark folder, by name.

    Raises:
        InputError: there is none.
        DatasetError: a question cannot be used.
    """
    found = sorted(path.parent for path in folder.glob("*/questions.jsonl") if (path.parent / "document.md").is_file())
    if not found:
        raise InputError(f"No folder in {folder.name!r} holds document.md and questions.jsonl.")
    return [Article(path.name, path, load_dataset(path / "questions.jsonl")) for path in found]


def chosen(articles: Sequence[Article], names: Sequence[str]) -> list[Article]:
    """The articles of these names; all where none is named.

    Raises:
        InputError: there is no article of a name.
    """
    for name in names:
        if name not in {a.name for a in articles}:
            raise InputError(f"There is no article {name!r}; found {', '.join(a.name for a in articles)}.")
    return [a for a in articles if not names or a.name in names]


@contextmanager
def temporary_corpus(article: Article, settings: Settings) -> Iterator[tuple[Settings, Corpus]]:
    """Settings for a corpus folder made of the article, with its index in a folder of its own.

    The exported model of ``settings`` is used where there is one.
    """
    with TemporaryDirectory(prefix="mcof-eval-", ignore_cleanup_errors=True) as place:
        root = Path(place)
        folder = root / "corpus"
        try:
            folder.mkdir()
            shutil.copyfile(article.folder / "document.md", folder / "document.md")
            text = (folder / "document.md").read_text(encoding="utf-8")
            (folder / "corpus.toml").write_text(
                corpus_toml(article.name, title_of(text, article.name)), encoding="utf-8"
            )
            models = settings.data_dir / "models"
            if models.is_dir():
                shutil.copytree(models, root / "data" / "models")
        except OSError as error:
            raise StorageError(f"The article {article.name!r} cannot be prepared: {error.strerror}.") from error
        own = settings.model_copy(update={"corpus": folder, "data_dir": root / "data", "chroma_url": ""})
        yield own, load_corpus(folder)


def off_topic(articles: Sequence[Article], name: str, count: int = OFF_TOPIC) -> list[Item]:
    """Questions of the other articles, evenly spread, as off-topic ones for article ``name``."""
    others = [item for a in articles if a.name != name for item in a.items if item.answerable and not item.turns]
    chosen = others[:: max(1, len(others) // count)][:count] if count and others else []
    return [
        replace(i, id=f"off-{i.id}", kind="off_topic", answerable=False, must_include=(), gold_refs=(), gold_quotes=())
        for i in chosen
    ]


def thinned(items: Sequence[Item], limit: int) -> list[Item]:
    """At most ``limit`` items, evenly spread; all where ``limit`` is 0."""
    if not limit or len(items) <= limit:
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def ask_article(
    article: Article,
    articles: Sequence[Article],
    settings: Settings,
    *,
    limit: int = 0,
    model: AnswerabilityModel | None = None,
    progress: Progress = quiet,
) -> list[Record]:
    """Ingest one article and ask its questions, at most ``limit`` of them, and some of the others'.

    ``model`` replaces the shipped networks, which were trained on articles of
    this benchmark: give one that has not seen this article.
    """
    from assistant.answerability.judge import DocumentJudge
    from assistant.assistant import Assistant
    from ingest.build import ingest

    with temporary_corpus(article, settings) as (own, corpus):
        ingest(corpus, own)
        assistant: Assistant = Assistant.build(own)
        assistant.warm()
        if model is not None:
            assistant.judge.document_judge = DocumentJudge(assistant.retriever, model)
        system = AssistantSystem(assistant, corpus, ranks=Probe(assistant))
        count = OFF_TOPIC if not limit else max(1, limit // 5)
        items = [*thinned(article.items, limit), *off_topic(articles, article.name, count)]
        return list(run(system, progress(items, article.name), corpus))


def held_out_model(folder: Path, article: Article) -> AnswerabilityModel:
    """The networks trained without one article, as ``python -m evals.train_answerability --held-out`` wrote them.

    Raises:
        InputError: there are none in the folder.
        ModelError: they cannot be used.
    """
    from assistant.answerability.model import AnswerabilityModel

    path = folder / f"{article.name}.json"
    if not path.is_file():
        raise InputError(f"There is no {path.name!r} in {folder.name!r}: train with --held-out first.")
    return AnswerabilityModel.load(path)


def headline(records: Sequence[Record]) -> dict[str, Any]:
    """Ranking and refusals with 95% intervals, and the share of unanswerable questions among the surest answers.

    ``by_coverage`` holds, for each tenth of the article's own questions by
    falling confidence, how many of those so far the article does not answer.
    The intervals are over questions; articles differ by more.
    """
    own = [r for r in records if r.item.kind != "off_topic"]
    off = [r for r in records if r.item.kind == "off_topic"]
    answerable = [r for r in own if r.item.answerable]

    def refused(chosen: Sequence[Record]) -> dict[str, float | int] | None:
        return number([float(r.reply.abstained) for r in chosen], share=True)

    def ranked(name: str) -> dict[str, float | int] | None:
        values = [r.numbers[name] for r in answerable if name in r.numbers]
        return number(values, share=False)

    sure = sorted((r for r in own if r.response.confidence is not None), key=lambda r: -(r.response.confidence or 0.0))
    by_coverage = []
    for tenth in range(1, 11) if sure else ():
        kept = sure[: round(tenth * len(sure) / 10)]
        wrong = sum(not r.item.answerable for r in kept) / len(kept) if kept else 0.0
        by_coverage.append([tenth / 10, round(wrong, 4)])
    return {
        "recall@5": ranked("recall@5"),
        "mrr@10": ranked("mrr@10"),
        "false_refusals": refused(answerable),
        "near_miss_refused": refused([r for r in own if not r.item.answerable]),
        "off_topic_refused": refused(off),
        "off_topic_as_such": number([float(r.reply.status == "out_of_scope") for r in off], share=True),
        "by_coverage": by_coverage,
    }


def summarise(by_article: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Numbers of each article and pooled over all questions."""
    pooled = [record for records in by_article.values() for record in records]
    return {
        "headline": headline(pooled),
        "pooled": totals(pooled),
        "articles": {name: totals(records) for name, records in by_article.items()},
        "times": times(pooled),
    }
