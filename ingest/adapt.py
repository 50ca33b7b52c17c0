"""Teaches the embedding model a corpus: ``mcof adapt`` trains the adapter that is kept beside the tables.

A question is drawn to the sentence, the fact and the other questions of its own
place, and held off from all others of the batch, those of the same passage
among them. Beside them stands one candidate that every question is alike far
from: "nothing here". Questions that the document does not answer are drawn to
it, so that they end up away from the fact that they resemble. Only low-rank
changes of the upper layers are trained; the lower ones are computed once.

It needs nothing but the tables, half an hour to an hour on two cores, and PyTorch.
Sources: van den Oord et al. 2018 (InfoNCE), https://arxiv.org/abs/1807.03748; Hu et al. (LoRA), see ``adapter.py``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.adapter import ADAPTER, read_adapter
from assistant.compose.passages import sentence_of
from assistant.encoder import PACKAGED_MODEL
from corpus.errors import CorpusError
from corpus.load import Corpus
from ingest.export import checked_weights
from ingest.lowrank import LowRankModel, save_arrays

#: Rank of the changes, and the first layer that is changed. One epoch with these put the right fact first for .684 of 215
#: unseen questions, .623 without; questions that the document does not answer are told from others with AUC .936, .845 without.
RANK, FIRST_LAYER = 12, 3
LEARNING_RATE = 5e-4
#: Questions, and questions without an answer, of one step.
QUESTIONS, UNANSWERED = 64, 28
#: Questions of one passage that stand together in a batch, so that its facts are told apart.
_TOGETHER = 6
#: Share of a question's partners that are other questions of the same place, not the document's words.
_SIBLINGS = 0.45
#: Cosine of "nothing here", and the factor of all cosines, at the beginning; both are trained along.
_NOTHING, _SHARPNESS = 0.5, 18.0
_DROPOUT = 0.05
#: Letters of a sentence, and word pieces of any text, that are learned from.
_LONGEST, _LONGEST_PIECES = 350, 200
#: One question in so many is kept out of training, to show what it is worth.
_HELD_OUT = 40


@dataclass(frozen=True, slots=True)
class Question:
    """A prepared question, the key of what answers it, and the passage or scenario it is drawn with."""

    text: str
    target: str
    group: str


@dataclass(frozen=True)
class Lessons:
    """What is learned from: questions, texts by target, the sentence of each target, questions without an answer."""

    questions: tuple[Question, ...]
    texts: dict[str, tuple[str, ...]]
    sentence: dict[str, str]
    unanswered: tuple[tuple[str, str], ...]


def lessons(corpus: Corpus) -> Lessons:
    """All English prepared questions of a corpus. Raises CorpusError where there are too few to learn from."""
    sentence = {f.id: sentence_of(f, corpus.by_ref) for f in corpus.facts}
    texts: dict[str, tuple[str, ...]] = {f.id: (f.statement, sentence[f.id][:_LONGEST]) for f in corpus.facts}
    questions = []
    for entry in corpus.entry_points:
        if entry.lang == "en":
            target = entry.fact or f"passage {entry.ref}"
            texts.setdefault(target, (corpus.by_ref[entry.ref].text[:_LONGEST],))
            questions.append(Question(entry.text, target, entry.ref))
    for row in corpus.utterances:
        if row.intent == "rating" and all(k and "|" not in k for k in (row.crises, row.phases, row.sectors)):
            target = f"cell {row.crises} {row.phases} {row.sectors}"
            name = corpus.sector(int(row.sectors)).name
            texts.setdefault(target, (f"{name} {row.phases} a {corpus.crisis(row.crises).name}",))
            questions.append(Question(row.text, target, f"cells {row.crises}"))
    unanswered = tuple((n.text, n.ref) for n in corpus.not_covered if n.lang == "en")
    if len(questions) < 10 * QUESTIONS or len(unanswered) < UNANSWERED:
        raise CorpusError(
            f"The corpus has {len(questions)} prepared questions and {len(unanswered)} that it does not answer; "
            f"at least {10 * QUESTIONS} and {UNANSWERED} are needed to learn from."
        )
    return Lessons(tuple(questions), texts, sentence, unanswered)


def batches(questions: Sequence[Question], chance: random.Random) -> Iterator[list[Question]]:
    """Endless batches of ``QUESTIONS``, made of short runs of questions of one group."""
    groups: dict[str, list[Question]] = {}
    for question in questions:
        groups.setdefault(question.group, []).append(question)
    left: list[Question] = []
    while True:
        runs = []
        for group in groups.values():
            chance.shuffle(group)
            runs += [group[i : i + _TOGETHER] for i in range(0, len(group), _TOGETHER)]
        chance.shuffle(runs)
        for run in runs:
            left += run
            while len(left) >= QUESTIONS:
                yield left[:QUESTIONS]
                left = left[QUESTIONS:]


class Student(LowRankModel):
    """The packaged model as it learns, with the cosine of "nothing here" and the factor of all cosines."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch

        super().__init__(folder, threads, rank=RANK, first_layer=FIRST_LAYER, longest=_LONGEST_PIECES, dropout=_DROPOUT)
        self.nothing = torch.nn.Parameter(torch.tensor(_NOTHING))
        self.sharpness = torch.nn.Parameter(torch.tensor(math.log(_SHARPNESS)))

    def load(self, data: Mapping[str, Any]) -> None:
        import torch

        super().load(data)
        self.nothing.data = torch.tensor(float(data["nothing"]))
        self.sharpness.data = torch.tensor(math.log(float(data["sharpness"])))

    def vectors(self, texts: Sequence[str], *, training: bool) -> Any:  # noqa: ANN401 - a tensor (n, dim)
        """Unit vectors of prepared texts, ``(n, dim)``; run in three lots of like length."""
        import torch

        order = sorted(range(len(texts)), key=lambda i: self.size(texts[i]))
        size = max(16, -(-len(order) // 3)) if training else 128
        lots = [self._lot([texts[i] for i in order[s : s + size]], training) for s in range(0, len(order), size)]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(lots)[back]

    def _lot(self, texts: Sequence[str], training: bool) -> Any:  # noqa: ANN401
        import torch

        hidden, seen, _ = self.hidden(texts, training=training)
        weights = seen.float()[..., None]
        return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)

    def save(self, path: Path, weights_sha256: str) -> None:
        """Write the changes, 16 bits a number, and what they belong to."""
        import numpy as np

        kept = {
            "weights_sha256": np.array(weights_sha256),
            "nothing": np.array(float(self.nothing.detach())),
            "sharpness": np.array(math.exp(float(self.sharpness.detach()))),
        }
        save_arrays(path, kept | self.arrays())


def train(
    corpus: Corpus,
    folder: Path,
    *,
    epochs: int,
    threads: int,
    start: Path | None = None,
    learning_rate: float = LEARNING_RATE,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> dict[str, float]:
    """Train the adapter of the corpus in ``folder`` and write it there; ``start`` is one to go on from.

    Returns the share of held-out questions whose nearest fact is the right one, ``before`` and ``after``.

    Raises:
        CorpusError: there is too little to learn from, or ``start`` cannot be gone on from.
        ModelError: the packaged weights are missing or others.
        StorageError: the folder cannot be written.
    """
    import torch
    from torch.nn import functional

    learned = lessons(corpus)
    weights_folder, digest = checked_weights(PACKAGED_MODEL)
    begun = read_adapter(start, digest) if start is not None else None
    chance = random.Random(0)
    student = Student(weights_folder, threads)
    held_out = learned.questions[::_HELD_OUT]
    kept = [q for i, q in enumerate(learned.questions) if i % _HELD_OUT]
    texts = [q.text for q in learned.questions] + [t for t, _ in learned.unanswered]
    student.prepare(texts + [t for several in learned.texts.values() for t in several], progress)
    before = _right_first(student, learned, held_out)
    if begun is not None:
        student.load(begun)
    siblings: dict[str, list[str]] = {}
    for question in kept:
        siblings.setdefault(question.target, []).append(question.text)
    in_passage: dict[str, list[str]] = {}
    for fact in corpus.facts:
        in_passage.setdefault(fact.ref, []).append(fact.id)
    changes = student.trained
    optimiser = torch.optim.AdamW(
        [
            {"params": changes, "lr": learning_rate, "weight_decay": 0.01},
            {"params": [student.nothing, student.sharpness], "lr": 3e-3, "weight_decay": 0.0},
        ]
    )
    steps = max(1, epochs * len(kept) // QUESTIONS)
    unanswered = list(learned.unanswered)
    chance.shuffle(unanswered)
    drawn = batches(kept, chance)

    def place(target: str) -> str:
        return learned.sentence.get(target, target)

    for step in range(steps):
        progress("train", step, steps)
        optimiser.param_groups[0]["lr"] = learning_rate * min(1.0, (step + 1) / 40) * max(0.03, 1 - step / steps)
        batch = next(drawn)
        absent = [unanswered[(step * UNANSWERED + i) % len(unanswered)] for i in range(UNANSWERED)]
        partners = []
        for question in batch:
            others = [t for t in siblings[question.target] if t != question.text]
            among = others if others and chance.random() < _SIBLINGS else learned.texts[question.target]
            partners.append(chance.choice(among))
        decoys = [chance.choice(in_passage[ref]) for _, ref in absent if ref in in_passage]
        asked = [q.text for q in batch] + [t for t, _ in absent]
        found = student.vectors(asked + partners + [learned.texts[d][0] for d in decoys], training=True)
        sharp = student.sharpness.exp()
        scores = found[: len(asked)] @ found[len(asked) :].T * sharp
        of_question = [place(q.target) for q in batch] + [""] * len(absent)
        of_text = [place(q.target) for q in batch] + [place(d) for d in decoys]
        # what else answers the question is no counterexample
        same = torch.tensor([[a == b and i != j for j, b in enumerate(of_text)] for i, a in enumerate(of_question)])
        scores = scores.masked_fill(same, -1e4)
        scores = torch.cat([scores, (student.nothing * sharp).expand(len(asked), 1)], dim=1)
        right = torch.tensor([*range(len(batch)), *[len(of_text)] * len(absent)])
        loss = functional.cross_entropy(scores, right)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(changes, 1.0)
        optimiser.step()
    progress("train", steps, steps)
    after = _right_first(student, learned, held_out)
    student.save(folder / ADAPTER, digest)
    return {"before": before, "after": after}


def _right_first(student: Student, learned: Lessons, questions: Sequence[Question]) -> float:
    """Share of questions whose nearest statement or sentence is one of their own place."""
    import torch

    with torch.no_grad():
        targets = [(t, text) for t, texts in learned.texts.items() for text in texts]
        near = student.vectors([text for _, text in targets], training=False)
        asked = student.vectors([q.text for q in questions], training=False)
        best = (asked @ near.T).argmax(1).tolist()
    sentence = learned.sentence
    right = sum(
        sentence.get(targets[b][0], targets[b][0]) == sentence.get(q.target, q.target)
        for b, q in zip(best, questions, strict=True)
    )
    return float(right) / len(questions)
