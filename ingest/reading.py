"""Trains the corpus' reader: ``mcof adapt --reader`` writes ``reader.npz``, see ``assistant/reader.py``.

A prepared question is read beside the sentence of its own fact, which answers
it, and beside a near one that does not; a question that the document does not
answer beside the sentences that search finds for it; of a judged dialogue all
messages together. Some are misspelled as hurried people do. So the reader learns on what it will be shown. Nothing of ``calibration.csv`` is learned: those questions
tell what the reader is worth.

It needs the index, half an hour to an hour on two cores, and PyTorch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.adapter import read_adapter
from assistant.compose.passages import sentence_of
from assistant.encoder import PACKAGED_MODEL
from assistant.reader import MAX_SENTENCE, READER
from corpus.errors import CorpusError
from corpus.load import Corpus
from corpus.types import BETWEEN, Calibration, Dialogue
from ingest.export import checked_weights
from ingest.lowrank import LowRankModel, save_arrays

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever

#: Rank of the changes and the first layer that is changed: words of both texts must meet in several layers.
RANK, FIRST_LAYER = 24, 2
LEARNING_RATE, HEAD_RATE = 1e-3, 2e-3
#: Pairs of one step; pairs of like length stand together in runs of so many steps.
PAIRS, _SORTED_IN = 64, 12
#: Share of answered questions that are read beside a near sentence that does not answer them, too.
_WRONG_TOO = 0.35
#: Among how many of the nearest other sentences that one is drawn.
_NEAR = 3
#: How sure the reader is asked to be at most: the tables hold mistakes.
_SURE = 0.97
#: Share of questions that are read as if they had been typed in a hurry: people do, and mean the same.
_HASTY = 0.15
_DROPOUT, _LONGEST_PIECES = 0.08, 128
_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """A question beside a sentence, and whether the sentence answers it."""

    question: str
    sentence: str
    answered: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.question, self.sentence


def sentences_of(corpus: Corpus) -> dict[str, str]:
    """The sentence of every fact, by the fact's id, as far as the reader reads."""
    return {f.id: sentence_of(f, corpus.by_ref)[:MAX_SENTENCE] for f in corpus.facts}


def lessons(corpus: Corpus, retriever: HybridRetriever) -> list[Pair]:
    """All that is learned from, in the order of the tables. Raises CorpusError where it is too little."""
    import numpy as np

    chance = random.Random(0)
    sentence = sentences_of(corpus)
    distinct = sorted({(f.ref, sentence[f.id]) for f in corpus.facts})
    answered = [e for e in corpus.entry_points if e.lang == "en" and e.voice != "plain"]
    unanswered = [n for n in corpus.not_covered if n.lang == "en"]
    known = retriever.vectors_of([*(e.text for e in answered), *(n.text for n in unanswered)])
    if len(answered) + len(unanswered) < _LEAST or not distinct:
        text = f"The corpus has {len(answered)} prepared questions with facts and {len(unanswered)} that it does not answer"
        raise CorpusError(f"{text}; at least {_LEAST} are needed to learn to read.")
    near = np.stack([retriever.encode(text) for _, text in distinct])
    rows_of: dict[str, list[int]] = {}
    for row, (ref, _) in enumerate(distinct):
        rows_of.setdefault(ref, []).append(row)
    pairs = []
    for entry in answered:
        if entry.text not in known:
            continue
        similar = near @ known[entry.text]
        own = rows_of.get(entry.ref, [])
        if not entry.fact and not own:
            continue
        right = sentence[entry.fact] if entry.fact else distinct[max(own, key=similar.__getitem__)][1]
        pairs.append(Pair(entry.text, right, True))
        if chance.random() < _WRONG_TOO:
            others = [row for row in np.argsort(-similar)[: _NEAR + 1] if distinct[row][1] != right][:_NEAR]
            pairs.append(Pair(entry.text, distinct[chance.choice(others)][1], False))
    for row_ in unanswered:
        if row_.text not in known:
            continue
        similar = near @ known[row_.text]
        rows = {int(similar.argmax())}
        if row_.ref in rows_of:
            rows.add(max(rows_of[row_.ref], key=similar.__getitem__))
        pairs += [Pair(row_.text, distinct[row][1], False) for row in sorted(rows)]
    sentences = [text for _, text in distinct]
    for dialogue in corpus.dialogues:
        pairs += _conversed(dialogue, sentence.get(dialogue.fact), sentences, near, retriever, chance)
    return pairs


def hasty(text: str, chance: random.Random) -> str:
    """A text with one or two of its longer words misspelled, sometimes without capitals and articles; deterministic."""
    parts = text.split()
    if chance.random() < 0.5:
        parts = [p.lower() for p in parts if p.lower() not in ("the", "a", "an")]
    long = [i for i, p in enumerate(parts) if len(p) > 4 and p.isalpha()]
    for i in chance.sample(long, min(len(long), chance.randint(1, 2))):
        word = parts[i]
        at = chance.randrange(1, len(word) - 1)
        dropped, doubled = word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        parts[i] = chance.choice((dropped, doubled, swapped))
    return " ".join(parts)


def _conversed(
    row: Dialogue,
    own: str | None,
    sentences: Sequence[str],
    near: Vectors,
    retriever: HybridRetriever,
    chance: random.Random,
) -> list[Pair]:
    """What a judged dialogue teaches: its messages as one text, and the last alone where it stands alone.

    ``own`` is the sentence of the row's fact; ``near`` has the embeddings of all ``sentences``, ``(n, dim)``.
    """
    import numpy as np

    if not row.answered:
        return []
    texts = [f"{row.earlier.replace(BETWEEN, ' ')} {row.question}"[-MAX_SENTENCE:]]
    if row.leans == "0":
        texts.append(row.question)
    pairs = []
    for text in texts:
        nearest = [sentences[i] for i in np.argsort(-(near @ retriever.encode(text)))[: _NEAR + 1]]
        if row.answered == "1" and own:
            wrong = chance.choice([s for s in nearest if s != own][:_NEAR])
            pairs += [Pair(text, own, True), *([Pair(text, wrong, False)] if chance.random() < _WRONG_TOO else [])]
        else:
            pairs += [Pair(text, s, False) for s in dict.fromkeys([nearest[0], *([own] if own else [])])]
    return pairs


def batches(pairs: Sequence[Pair], size: Callable[[Pair], int], chance: random.Random) -> Iterator[list[Pair]]:
    """Endless batches of at most ``PAIRS``, of pairs of like ``size``; every pair is seen before any is seen again."""
    while True:
        order = list(pairs)
        chance.shuffle(order)
        several = PAIRS * _SORTED_IN
        lots = []
        for start in range(0, len(order), several):
            some = sorted(order[start : start + several], key=size)
            lots += [some[i : i + PAIRS] for i in range(0, len(some), PAIRS)]
        chance.shuffle(lots)
        yield from lots


class Pupil(LowRankModel):
    """The packaged model as it learns to read, with the linear layer on top."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch

        super().__init__(folder, threads, rank=RANK, first_layer=FIRST_LAYER, longest=_LONGEST_PIECES, dropout=_DROPOUT)
        self.head = torch.nn.Linear(3 * self.dim, 1)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def load(self, data: Any) -> None:  # noqa: ANN401 - arrays by name
        import numpy as np
        import torch

        super().load(data)
        self.head.weight.data = torch.from_numpy(data["head.weight"].astype(np.float32))[None]
        self.head.bias.data = torch.tensor([float(data["head.bias"])])

    def logits(self, pairs: Sequence[tuple[str, str]], *, training: bool) -> Any:  # noqa: ANN401 - a tensor (n,)
        """Log odds that the second text of each prepared pair answers the first."""
        import torch

        hidden, seen, second = self.hidden(pairs, training=training)

        def mean(places: Any) -> Any:  # noqa: ANN401
            weights = places.float()[..., None]
            return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)

        together = torch.cat([hidden[:, 0], mean(seen & ~second), mean(seen & second)], 1)
        return self.head(torch.nn.functional.dropout(together, 0.1, training))[:, 0]

    def save(self, path: Path, weights_sha256: str) -> None:
        """Write the changes and the linear layer, and what they belong to."""
        import numpy as np

        kept = {
            "weights_sha256": np.array(weights_sha256),
            "head.weight": self.head.weight.detach().numpy()[0],
            "head.bias": np.array(float(self.head.bias.detach())),
        }
        save_arrays(path, kept | self.arrays())


def train(
    assistant: Assistant,
    folder: Path,
    *,
    epochs: int,
    threads: int,
    start: Path | None = None,
    learning_rate: float = LEARNING_RATE,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> float:
    """Train the reader of the assistant's corpus and write it into ``folder``; ``start`` is one to go on from.

    Returns how often, of two calibration questions of which one is answered, that one gets the higher score.

    Raises:
        CorpusError: there is too little to learn from, or ``start`` cannot be gone on from.
        ModelError: the packaged weights are missing or others.
        IndexUnusableError: there is no index.
        StorageError: the folder cannot be written.
    """
    import torch
    from torch.nn import functional

    corpus = assistant.corpus
    chance = random.Random(0)
    pairs = [
        replace(p, question=hasty(p.question, chance)) if chance.random() < _HASTY else p
        for p in lessons(corpus, assistant.retriever)
    ]
    weights_folder, digest = checked_weights(PACKAGED_MODEL)
    begun = read_adapter(start, digest) if start is not None else None
    pupil = Pupil(weights_folder, threads)
    if begun is not None:
        pupil.load(begun)
    held_out = [(row.answered, pair) for row in corpus.calibration for pair in _shown(row, assistant)]
    pupil.prepare([*(p.key for p in pairs), *(pair for _, pair in held_out)], progress)
    optimiser = torch.optim.AdamW(
        [
            {"params": pupil.trained, "lr": learning_rate, "weight_decay": 0.01},
            {"params": pupil.head.parameters(), "lr": HEAD_RATE},
        ]
    )
    steps = max(1, epochs * len(pairs) // PAIRS)
    drawn = batches(pairs, lambda p: pupil.size(p.key), chance)
    for step in range(steps):
        progress("train", step, steps)
        rate = min(1.0, (step + 1) / 60) * max(0.05, 1 - step / steps)
        for group, full in zip(optimiser.param_groups, (learning_rate, HEAD_RATE), strict=True):
            group["lr"] = full * rate
        batch = next(drawn)
        wanted = torch.tensor([_SURE if p.answered else 1 - _SURE for p in batch])
        loss = functional.binary_cross_entropy_with_logits(pupil.logits([p.key for p in batch], training=True), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(pupil.trained, 1.0)
        optimiser.step()
    progress("train", steps, steps)
    pupil.save(folder / READER, digest)
    return _told_apart(pupil, held_out)


def _shown(row: Calibration, assistant: Assistant) -> list[tuple[str, str]]:
    """What the reader would be shown of a calibration question: its text beside the nearest sentences."""
    asked = assistant.judge.asked_of(row)
    text = asked.spoken[-MAX_SENTENCE:]
    return [(text, s[:MAX_SENTENCE]) for s in assistant.judge.sentences(asked.ranking)]


def _told_apart(pupil: Pupil, held_out: Sequence[tuple[str, tuple[str, str]]]) -> float:
    """Share of pairs of calibration questions, one answered and one not, that the score of the nearest sentence orders rightly."""
    import torch

    scores: dict[str, list[float]] = {"0": [], "1": []}
    with torch.no_grad():
        for answered, pair in held_out:
            scores[answered].append(float(pupil.logits([pair], training=False)[0]))
    wins = sum(yes > no for yes in scores["1"] for no in scores["0"])
    return wins / max(1, len(scores["1"]) * len(scores["0"]))
