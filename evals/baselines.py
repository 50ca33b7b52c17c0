"""Other ways to answer from the same document, so that "better" has a meaning.

None of them writes: each replies with the passages it found, as they stand,
and refuses when its best score is below a threshold. That threshold is set on
the ``dev`` items themselves, to the favour of the baseline: it refuses 5% of
the answerable ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from assistant.answer import Turn
from corpus.clean import Span
from corpus.load import Corpus
from evals.dataset import Item
from evals.metrics.citations import Statement
from evals.replies import Cited
from evals.systems import Response

if TYPE_CHECKING:
    from assistant.encoder import Encoder

#: Share of the answerable ``dev`` items that a baseline may refuse.
REFUSED = 0.05
#: The usual tutorial: characters of a piece, of its overlap with the next, and pieces handed to the model.
CHUNK_SIZE, CHUNK_OVERLAP, CHUNKS = 1000, 200, 4
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A retrieved piece of text with its score (higher is better), its labels and its source ranges."""

    text: str
    score: float
    refs: tuple[str, ...]
    spans: tuple[Span, ...]


class Finder(Protocol):
    """Ranks pieces of the document for a query, best first, at most ``k``."""

    def __call__(self, query: str, k: int, /) -> list[Found]: ...


def query_of(question: str, history: Sequence[Turn]) -> str:
    """The question, with the user's message before it: the simplest memory there is."""
    earlier = [turn.text for turn in history if turn.role == "user"]
    return f"{earlier[-1]} {question}" if earlier else question


@dataclass(frozen=True)
class Extract:
    """Replies with the best ``shown`` pieces as they stand, or refuses below ``threshold``.

    ``cites`` says whether a piece is known by its label; the tutorial pipeline
    knows the file only.
    """

    name: str
    title: str
    find: Finder
    shown: int = 1
    cites: bool = True
    threshold: float = float("-inf")

    def ask(self, question: str, history: Sequence[Turn]) -> Response:
        found = self.find(query_of(question, history), DEPTH)
        best = found[0].score if found else float("-inf")
        ranked = tuple(dict.fromkeys(ref for f in found for ref in f.refs))
        pieces = tuple(f.spans for f in found)
        if best < self.threshold or not found:
            text = "The document does not say."
            return Response(text, "not_in_document", ranked=ranked, pieces=pieces, confidence=best if found else None)
        top = found[: self.shown]
        citations = tuple(Cited(f.refs[0], f.text) for f in top) if self.cites else ()
        return Response(
            answer="\n\n".join(f.text for f in top),
            status="grounded",
            citations=citations,
            statements=tuple(Statement(f.text, (f.text,) if self.cites else ()) for f in top),
            ranked=ranked,
            pieces=pieces,
            confidence=best,
        )

    def rank(self, question: str, history: Sequence[Turn]) -> tuple[str, ...]:
        return ()


def fitted(system: Extract, items: Sequence[Item]) -> Extract:
    """``system`` with the threshold that refuses 5% of the answerable ``dev`` items; unchanged where there is none."""
    scores = []
    for item in items:
        if item.answerable and item.split == "dev":
            history = [Turn("user", turn) for turn in item.turns]
            found = system.find(query_of(item.question, history), 1)
            scores.append(found[0].score if found else float("-inf"))
    if not scores:
        return system
    return replace(system, threshold=sorted(scores)[int(len(scores) * REFUSED)])


def passage_bm25(corpus: Corpus) -> Finder:
    """BM25 over whole passages with a public library: Snowball stems, English stop words, default parameters."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def tokens(texts: list[str]) -> Any:  # noqa: ANN401 - bm25s ships no types
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    index = bm25s.BM25()
    index.index(tokens([p.text for p in corpus.passages]), show_progress=False)

    def find(query: str, k: int, /) -> list[Found]:
        k = min(k, len(corpus.passages))
        numbers, scores = index.retrieve(tokens([query]), k=k, show_progress=False)
        hits = [(corpus.passages[int(i)], float(s)) for i, s in zip(numbers[0], scores[0], strict=True)]
        return [Found(p.text, score, (p.ref,), p.spans) for p, score in hits]

    return find


def passage_dense(corpus: Corpus, encoder: Encoder) -> Finder:
    """Cosine similarity of the question and whole passages; a passage is as near as its nearest chunk."""
    import numpy as np

    from assistant.records import chunk_spans

    chunks = [(i, p.text[a:b]) for i, p in enumerate(corpus.passages) for a, b in chunk_spans(p)]
    owners = np.array([i for i, _ in chunks])
    vectors = encoder.encode([text for _, text in chunks])

    def find(query: str, k: int, /) -> list[Found]:
        scores = np.full(len(corpus.passages), -1.0, dtype=np.float32)
        np.maximum.at(scores, owners, vectors @ encoder.encode([query])[0])
        order = np.argsort(-scores, kind="stable")[:k]
        hits = [(corpus.passages[int(i)], float(scores[i])) for i in order]
        return [Found(p.text, score, (p.ref,), p.spans) for p, score in hits]

    return find


def labels_of_range(corpus: Corpus, start: int, end: int) -> tuple[str, ...]:
    """Labels of the passages in ``start:end`` of the source, the one with most characters in it first."""
    shares = []
    for place, passage in enumerate(corpus.passages):
        inside = sum(max(0, min(end, b) - max(start, a)) for a, b in passage.spans)
        if inside:
            shares.append((-inside, place, passage.ref))
    return tuple(ref for _, _, ref in sorted(shares))


def tutorial(corpus: Corpus, encoder: Encoder) -> Finder:
    """The pipeline of most tutorials: pieces of 1000 characters with 200 of overlap, LangChain and Chroma."""
    from assistant.index import quiet_chroma

    quiet_chroma()
    import chromadb
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    class Same(Embeddings):
        """The assistant's embedding model, so that only the pipeline differs."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float(x) for x in row] for row in encoder.encode(texts)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP, add_start_index=True)
    documents = splitter.create_documents([corpus.source])
    client = chromadb.EphemeralClient(chromadb.config.Settings(anonymized_telemetry=False))
    name = f"tutorial-{corpus.fingerprint[:16]}"
    if name in {c.name for c in client.list_collections()}:
        client.delete_collection(name)
    store = Chroma(client=client, collection_name=name, embedding_function=Same())
    store.add_documents(documents, ids=[f"{i:05d}" for i in range(len(documents))])

    def find(query: str, k: int, /) -> list[Found]:
        found = []
        for document, distance in store.similarity_search_with_score(query, k=min(k, CHUNKS)):
            start = int(document.metadata["start_index"])
            end = start + len(document.page_content)
            refs = labels_of_range(corpus, start, end)
            found.append(Found(document.page_content, -float(distance), refs, ((start, end),)))
        return found

    return find


def baselines(corpus: Corpus, encoder: Encoder) -> list[Extract]:
    """The three baselines, thresholds not yet fitted."""
    makers: list[tuple[str, str, Callable[[], Finder], int, bool]] = [
        ("bm25", "BM25 only: the best passage", lambda: passage_bm25(corpus), 1, True),
        ("dense", "embeddings only: the best passage", lambda: passage_dense(corpus, encoder), 1, True),
        ("tutorial", "tutorial pipeline: the 4 best pieces", lambda: tutorial(corpus, encoder), CHUNKS, False),
    ]
    return [Extract(name, title, make(), shown, cites) for name, title, make, shown, cites in makers]


#: Parts of the assistant that can be switched off, and how the report calls the assistant without each.
PARTS: dict[str, str] = {
    "lexicon": "without the lexicon",
    "matrix": "without the matrix",
    "fusion": "without fusion (embeddings alone)",
    "entry_points": "without entry points",
    "facts": "without prepared facts",
    "verification": "without verification",
    "abstention": "without refusing",
}

#: Parts without which the same index is read in the same way.
SAME_INDEX = frozenset({"lexicon", "verification", "abstention"})
