"""The retriever alone on any data set in BEIR form: corpus.jsonl, queries.jsonl, qrels/test.tsv.

Source of the form: Thakur et al., BEIR, NeurIPS 2021, https://arxiv.org/abs/2104.08663
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from assistant.text import words
from corpus.errors import DatasetError, InputError
from evals.dataset import read_lines
from evals.measure import number
from evals.metrics import Undefined
from evals.metrics.ranking import average_precision, ndcg_at_k, recall_at_k, reciprocal_rank

if TYPE_CHECKING:
    from assistant.encoder import OnnxEncoder
    from assistant.retrieval import HybridRetriever
    from corpus.load import Corpus

Method = Literal["bm25", "dense", "hybrid"]
METHODS: tuple[str, ...] = get_args(Method)
#: Documents kept of each ranking.
DEPTH = 100


@dataclass(frozen=True)
class Beir:
    """A retrieval data set. ``qrels`` gives each query the grades of its relevant documents, above 0."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, float]]

    @property
    def judged(self) -> list[str]:
        """Queries with at least one relevant document, in file order."""
        return [q for q in self.queries if self.qrels.get(q)]


def _texts(path: Path) -> dict[str, str]:
    """Id and text of each line, the title before the text."""
    texts: dict[str, str] = {}
    for number_, row in read_lines(path):
        identifier, text = row.get("_id"), row.get("text")
        if not isinstance(identifier, (str, int)) or not isinstance(text, str):
            raise DatasetError(f"{path.name}, line {number_}: expected the fields '_id' and 'text'.")
        if str(identifier) in texts:
            raise DatasetError(f"{path.name}, line {number_}: the id {str(identifier)!r} is used twice.")
        title = str(row.get("title") or "").strip()
        texts[str(identifier)] = f"{title}. {text}" if title else text
    return texts


def _qrels(path: Path, queries: Mapping[str, str], documents: Mapping[str, str]) -> dict[str, dict[str, float]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"There is no readable file {path.parent.name}/{path.name}.") from error
    grades: dict[str, dict[str, float]] = {}
    for line, cells in enumerate(csv.reader(lines, delimiter="\t"), start=1):
        if not cells or (line == 1 and not _is_number(cells[-1])):
            continue
        if len(cells) != 3 or not _is_number(cells[2]):
            raise DatasetError(f"{path.name}, line {line}: expected query-id, corpus-id and score, tab-separated.")
        query, document, grade = cells[0], cells[1], float(cells[2])
        if query not in queries:
            raise DatasetError(f"{path.name}, line {line}: unknown query {query!r}.")
        if document not in documents:
            raise DatasetError(f"{path.name}, line {line}: unknown document {document!r}.")
        if grade > 0:
            grades.setdefault(query, {})[document] = grade
    if not grades:
        raise DatasetError(f"{path.name} names no relevant document.")
    return grades


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def load_beir(folder: Path) -> Beir:
    """Read a data set in BEIR form.

    Raises:
        InputError: a file is missing.
        DatasetError: a line is not in the form or names what does not exist.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}.")
    documents, queries = _texts(folder / "corpus.jsonl"), _texts(folder / "queries.jsonl")
    return Beir(documents, queries, _qrels(folder / "qrels" / "test.tsv", queries, documents))


def corpus_of(documents: Mapping[str, str]) -> Corpus:
    """The documents as passages of a corpus, so that they are cut and indexed as its passages are."""
    from corpus.load import Corpus
    from corpus.types import CorpusInfo, Passage

    info = CorpusInfo(id="beir", symbol="", title="", date="", parser="paragraphs")
    plain = {identifier: " ".join(text.split()) or identifier for identifier, text in documents.items()}
    passages = tuple(Passage(identifier, "paragraph", text, (), ()) for identifier, text in plain.items())
    return Corpus(info, "", passages, "")


class NoEncoder:
    """Stands in where nothing is embedded."""

    model_id = "none"

    def encode(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - a numpy array
        import numpy as np

        return np.zeros((len(texts), 1), dtype=np.float32)


def check_methods(methods: Sequence[str]) -> None:
    """Raise InputError where a method is unknown or none is given."""
    wrong = [m for m in methods if m not in METHODS]
    if wrong or not methods:
        raise InputError(f"Unknown method {', '.join(wrong) or '(none)'!r}; expected {', '.join(METHODS)}.")


def build_retriever(documents: Mapping[str, str], method: str, encoder: OnnxEncoder | None) -> HybridRetriever:
    """The assistant's retriever over free documents: its words alone, its vectors alone, or both.

    Raises:
        InputError: the method is unknown.
    """
    from assistant.ranking.wordstore import compute_words
    from assistant.records import build_records
    from assistant.retrieval import DENSE_WEIGHT, HybridRetriever

    check_methods([method])
    weight = {"bm25": 0.0, "dense": 1.0, "hybrid": DENSE_WEIGHT}[method]
    used = encoder if encoder is not None and method != "bm25" else NoEncoder()
    records = build_records(corpus_of(documents))
    vectors = used.encode([r.text for r in records])
    read = None if used is not encoder else partial(compute_words, encoder=encoder)
    return HybridRetriever(records, vectors, used, dense_weight=weight, sentence_words=read)


def rank(retriever: HybridRetriever, query: str, depth: int = DEPTH) -> list[str]:
    """Document ids, best first."""
    return [hit.ref for hit in retriever.rank(query, words(query)).passages(depth)]


def numbers_of(ranking: Sequence[str], grades: Mapping[str, float]) -> dict[str, float]:
    """The ranking metrics of one query.

    Raises:
        Undefined: no document is relevant.
    """
    return {
        "ndcg@10": ndcg_at_k(ranking, grades, 10),
        "mrr@10": reciprocal_rank(ranking, grades, 10),
        "map": average_precision(ranking, grades),
        "recall@1": recall_at_k(ranking, grades, 1),
        "recall@5": recall_at_k(ranking, grades, 5),
        "recall@10": recall_at_k(ranking, grades, 10),
        "recall@100": recall_at_k(ranking, grades, 100),
    }


def evaluate(beir: Beir, retriever: HybridRetriever, queries: Iterable[str]) -> dict[str, Any]:
    """Mean of each metric over the queries, with 95% intervals; queries without a relevant document are skipped.

    Raises:
        Undefined: no query is judged.
    """
    values: dict[str, list[float]] = {}
    for query in queries:
        for name, value in numbers_of(rank(retriever, beir.queries[query]), beir.qrels[query]).items():
            values.setdefault(name, []).append(value)
    if not values:
        raise Undefined("undefined: no query has a relevant document")
    return {name: number(found, share=False) for name, found in values.items()}
