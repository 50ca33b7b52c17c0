"""Train the answerability networks on a folder of one-document benchmarks, and say how they do on articles held out.

    python -m evals.train_answerability --data benchmarks/squad2-one-document --out coefficients.json --held-out models

Every article is opened as the assistant opens a document, so the evidence is
that of the product. ``--held-out`` writes for each article a model trained on
the others, with which ``mcof eval documents --models`` measures the whole
assistant without a leak. Development only: half an hour of one core.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from assistant.answerability.evidence import Evidence
from assistant.answerability.judge import DocumentJudge
from assistant.answerability.model import FEATURES, SCHEMA, sigmoid
from assistant.text import words
from evals import networks
from evals.documents import Article, load_articles, temporary_corpus
from evals.metrics.statistics import wilson
from evals.networks import Example

if TYPE_CHECKING:
    from assistant.retrieval import HybridRetriever
    from assistant.settings import Settings
    from evals.dataset import Item

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Networks in the ensemble.
NETWORKS = 3
#: Off-topic questions from each other article.
OFF_TOPIC_EACH = 40
#: Share of answerable questions that the on-topic gate may refuse, and that both gates together may. Held out, the
#: first gate at 1, 2 and 3% tells .977, .985 and .991 of the off-topic questions; near misses refused .353, .351, .339.
OFF_TOPIC_REFUSALS, ALL_REFUSALS = 0.02, 0.07

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Read:
    """An article's questions as evidence, and questions of the other articles asked of it."""

    name: str
    examples: tuple[Example, ...]
    off_topic: tuple[Evidence, ...]

    @property
    def answered(self) -> Flags:
        return np.array([e.answered for e in self.examples])


@dataclass(frozen=True)
class Fold:
    """What was fitted without one article, and its logits for that article's questions."""

    networks: tuple[Mapping[str, Any], ...]
    topic: Mapping[str, Any]
    logits: Floats
    on_topic: Floats
    off_topic: Floats
    off_logits: Floats


def open_article(article: Article, settings: Settings) -> HybridRetriever:
    """The retriever of an article, as the assistant would open it, held in memory."""
    from assistant.encoder import OnnxEncoder, export_folder
    from assistant.ranking.wordstore import compute_words
    from assistant.records import build_records
    from assistant.retrieval import HybridRetriever

    encoder = OnnxEncoder(export_folder(settings.data_dir, settings.embedding_model))
    with temporary_corpus(article, settings) as (_, corpus):
        records = build_records(corpus)
    vectors = encoder.encode([r.text for r in records])
    return HybridRetriever(
        records, vectors, encoder, title=corpus.info.title, sentence_words=lambda found: compute_words(found, encoder)
    )


def evidence_of(retriever: HybridRetriever, judge: DocumentJudge, question: str) -> Evidence:
    """The evidence for a question, as the assistant would read it."""
    found = judge.evidence(question, retriever.rank(question, words(question)))
    if found is None:
        raise ValueError(f"no evidence for {question!r}")
    return found


def example_of(retriever: HybridRetriever, judge: DocumentJudge, item: Item) -> Example:
    evidence = evidence_of(retriever, judge, item.question)
    assert retriever.evidence is not None
    texts = [retriever.records[retriever.evidence.records[i]].text for i in evidence.records]
    gold = " ".join(item.gold_quotes) if item.answerable else ""
    answers = [float(bool(gold) and (t[:60] in gold or gold[:60] in t)) for t in texts]
    return Example(evidence, item.answerable, np.array(answers, dtype=np.float32))


def read_article(article: Article, articles: Sequence[Article], settings: Settings, seed: int) -> Read:
    """Evidence for all questions of an article, and for some of every other's."""
    retriever = open_article(article, settings)
    judge = DocumentJudge(retriever)
    random = np.random.default_rng(seed)
    examples = tuple(example_of(retriever, judge, item) for item in article.items)
    others = [
        other.items[i].question
        for other in articles
        if other.name != article.name
        for i in random.choice(len(other.items), min(OFF_TOPIC_EACH, len(other.items)), replace=False)
    ]
    return Read(article.name, examples, tuple(evidence_of(retriever, judge, question) for question in others))


def fit(reads: Sequence[Read], size: int) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
    """Networks and on-topic classifier of some articles."""
    examples = [e for read in reads for e in read.examples]
    on = [e.evidence for e in examples if e.answered]
    topic = networks.fit_topic(on, [e for read in reads for e in read.off_topic])
    return tuple(networks.train_network(examples, seed) for seed in range(size)), topic


def hold_out(reads: Sequence[Read], place: int, size: int) -> Fold:
    """Fit on all articles but one, and judge that one."""
    found, topic = fit([r for i, r in enumerate(reads) if i != place], size)
    read = reads[place]
    off = [Example(e, False, np.zeros(0, dtype=np.float32)) for e in read.off_topic]
    return Fold(
        found,
        topic,
        networks.network_logits(found, read.examples),
        networks.topic_logits(topic, [e.evidence for e in read.examples]),
        networks.topic_logits(topic, read.off_topic),
        networks.network_logits(found, off),
    )


def gates(logits: Floats, on_topic: Floats, answered: Flags) -> tuple[float, float]:
    """Logits of the two gates: below the first is off topic, below the second not answered.

    The first refuses ``OFF_TOPIC_REFUSALS`` of the answerable questions, both
    together ``ALL_REFUSALS``: a question that the first refuses costs the
    second nothing.
    """
    first = float(np.quantile(on_topic[answered], OFF_TOPIC_REFUSALS))
    let_through = np.where(on_topic[answered] < first, -np.inf, logits[answered])
    allowed = int(np.floor(ALL_REFUSALS * answered.sum()))
    return first, float(np.sort(let_through)[allowed])


def parameters(
    found: Sequence[Mapping[str, Any]], topic: Mapping[str, Any], folds: Sequence[Fold], answered: Sequence[Flags]
) -> dict[str, Any]:
    """The file of coefficients; calibration and gates come from held-out logits of ``folds``."""
    logits, on_topic = np.concatenate([f.logits for f in folds]), np.concatenate([f.on_topic for f in folds])
    labels = np.concatenate(answered)
    slope, offset = networks.calibrate(logits, labels)
    first, second = gates(logits, on_topic, labels)
    return {
        "schema": SCHEMA,
        **{key: list(row._fields) for key, row in FEATURES.items()},
        "thresholds": {
            "on_topic": round(sigmoid(first), 6),
            "answered": round(sigmoid(slope * second + offset), 6),
        },
        "calibration": [slope, offset],
        "topic": topic,
        "networks": list(found),
    }


def share(flags: Flags) -> str:
    """A share with its 95% interval."""
    found = wilson(int(flags.sum()), len(flags))
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def report(folds: Sequence[Fold], answered: Sequence[Flags]) -> str:
    """Held-out figures: each article is judged by networks and by gates that never saw it."""
    refused: list[Flags] = []
    off_topic: list[tuple[Flags, Flags]] = []
    for place, fold in enumerate(folds):
        others = [i for i in range(len(folds)) if i != place]
        first, second = gates(
            np.concatenate([folds[i].logits for i in others]),
            np.concatenate([folds[i].on_topic for i in others]),
            np.concatenate([answered[i] for i in others]),
        )
        refused.append((fold.on_topic < first) | (fold.logits < second))
        off_topic.append((fold.off_topic < first, (fold.off_topic < first) | (fold.off_logits < second)))
    labels, both = np.concatenate(answered), np.concatenate(refused)
    logits = np.concatenate([f.logits for f in folds])
    lines = [
        f"gates of the other articles ({OFF_TOPIC_REFUSALS:.0%} off topic, {ALL_REFUSALS:.0%} in all):",
        f"  false refusals        {share(both[labels])}",
        f"  near-miss refused     {share(both[~labels])}",
        f"  off-topic refused     {share(np.concatenate([b for _, b in off_topic]))}",
        f"  ... as off topic      {share(np.concatenate([a for a, _ in off_topic]))}",
        "networks alone, threshold on all articles:",
    ]
    for rate in (0.03, 0.05, 0.07):
        lines.append(f"  near-miss refused at {rate:.0%} {share(logits[~labels] < np.quantile(logits[labels], rate))}")
    lines.append("risk (share unanswerable among the answered) by coverage:")
    order = np.argsort(-logits)
    for tenth in range(1, 11):
        kept = order[: round(tenth * len(order) / 10)]
        lines.append(f"  {tenth / 10:.1f}  {1 - labels[kept].mean():.3f}")
    return "\n".join(lines)


@app.command()
def main(
    data: Annotated[Path, typer.Option("--data", help="Folder of folders with document.md and questions.jsonl.")],
    out: Annotated[Path | None, typer.Option("--out", help="File for the coefficients trained on all.")] = None,
    held_out: Annotated[Path | None, typer.Option("--held-out", help="Folder for models without one article.")] = None,
    size: Annotated[int, typer.Option("--networks", min=1, help="Networks in the ensemble.")] = NETWORKS,
) -> None:
    """Train, report what is right on articles held out, and write the coefficients."""
    import torch

    from assistant.settings import load_settings
    from ingest.export import ensure_export

    torch.set_num_threads(1)
    settings: Settings = load_settings()
    ensure_export(settings.data_dir, settings.embedding_model)
    articles = load_articles(data)
    reads = []
    for seed, article in enumerate(articles):
        typer.echo(f"reading {article.name}", err=True)
        reads.append(read_article(article, articles, settings, seed))
    folds = []
    for place, read in enumerate(reads):
        typer.echo(f"training without {read.name}", err=True)
        folds.append(hold_out(reads, place, size))
    answered = [r.answered for r in reads]
    typer.echo(report(folds, answered))
    for place, read in enumerate(reads):
        if held_out:
            others = [i for i in range(len(reads)) if i != place]
            fold = folds[place]
            found = parameters(fold.networks, fold.topic, [folds[i] for i in others], [answered[i] for i in others])
            _write(held_out / f"{read.name}.json", found)
    if out:
        typer.echo("training on all", err=True)
        _write(out, parameters(*fit(reads, size), folds, answered))


def _write(path: Path, found: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
