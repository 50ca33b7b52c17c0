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
from assistant.compose.passages import enclosing_sentence
from assistant.encoder import PACKAGED_MODEL
from corpus.errors import CorpusError
from corpus.load import Corpus
from ingest.export import checked_weights
from ingest.storage import nonce, writing

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
_LONGEST = 350
#: One question in so many is kept out of training, to show what it is worth.
_HELD_OUT = 40

_PARTS = {
    "attention.self.query": ("attention", "self", "query"),
    "attention.self.key": ("attention", "self", "key"),
    "attention.self.value": ("attention", "self", "value"),
    "attention.output.dense": ("attention", "output", "dense"),
    "intermediate.dense": ("intermediate", "dense"),
    "output.dense": ("output", "dense"),
}


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
    sentence = {f.id: enclosing_sentence(corpus.by_ref[f.ref], f.quote) for f in corpus.facts}
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


class Student:
    """The packaged model with its upper layers open to change; texts are read by the lower layers once."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
        self._model: Any = AutoModel.from_pretrained(str(folder)).eval().requires_grad_(False)
        self._heads: int = self._model.config.num_attention_heads
        self.changes: dict[str, tuple[Any, Any]] = {}
        self._layers: list[Any] = list(self._model.encoder.layer)[FIRST_LAYER:]
        for number, layer in enumerate(self._layers, start=FIRST_LAYER):
            for part in _PARTS:
                weight = self._linear(layer, part).weight
                low = torch.nn.Parameter(torch.randn(RANK, weight.shape[1]) / math.sqrt(weight.shape[1]))
                high = torch.nn.Parameter(torch.zeros(weight.shape[0], RANK))
                self.changes[f"encoder.layer.{number}.{part}.weight"] = (low, high)
        self.nothing = torch.nn.Parameter(torch.tensor(_NOTHING))
        self.sharpness = torch.nn.Parameter(torch.tensor(math.log(_SHARPNESS)))
        self._lower: dict[str, Any] = {}

    @staticmethod
    def _linear(layer: Any, part: str) -> Any:  # noqa: ANN401 - modules of transformers
        for name in _PARTS[part]:
            layer = getattr(layer, name)
        return layer

    def load(self, data: Mapping[str, Any]) -> None:
        """Go on from the arrays of an adapter trained before."""
        import numpy as np
        import torch

        for name, (low, high) in self.changes.items():
            low.data = torch.from_numpy(data[f"{name}.A"].astype(np.float32))
            high.data = torch.from_numpy(data[f"{name}.B"].astype(np.float32))
        self.nothing.data = torch.tensor(float(data["nothing"]))
        self.sharpness.data = torch.tensor(math.log(float(data["sharpness"])))

    def prepare(self, texts: Sequence[str], progress: Callable[[str, int, int], None]) -> None:
        """Read texts by the layers that do not change."""
        import torch

        todo = sorted({t for t in texts if t not in self._lower}, key=len)
        with torch.no_grad():
            for start in range(0, len(todo), 64):
                progress("read", start, len(todo))
                some = todo[start : start + 64]
                pieces = self._tokenizer(some, padding=True, truncation=True, max_length=200, return_tensors="pt")
                hidden = self._model(**pieces, output_hidden_states=True).hidden_states[FIRST_LAYER]
                for row, text in enumerate(some):
                    self._lower[text] = hidden[row, : int(pieces["attention_mask"][row].sum())].half().clone()

    def vectors(self, texts: Sequence[str], *, training: bool) -> Any:  # noqa: ANN401 - a tensor (n, dim)
        """Unit vectors of prepared texts, ``(n, dim)``; run in three lots of like length."""
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(self._lower[texts[i]]))
        size = max(16, -(-len(order) // 3)) if training else 128
        lots = [self._lot([texts[i] for i in order[s : s + size]], training) for s in range(0, len(order), size)]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(lots)[back]

    def _lot(self, texts: Sequence[str], training: bool) -> Any:  # noqa: ANN401
        import torch

        lower = [self._lower[t] for t in texts]
        hidden = torch.zeros(len(lower), max(map(len, lower)), lower[0].shape[1])
        seen = torch.zeros(hidden.shape[:2])
        for row, value in enumerate(lower):
            hidden[row, : len(value)] = value.float()
            seen[row, : len(value)] = 1
        for number, layer in enumerate(self._layers, start=FIRST_LAYER):
            hidden = self._through(number, layer, hidden, seen, training)
        weights = seen[..., None]
        return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)

    def _through(self, number: int, layer: Any, hidden: Any, seen: Any, training: bool) -> Any:  # noqa: ANN401
        """One layer of BERT over ``(batch, word_pieces, dim)``, with its changes."""
        from torch.nn import functional

        def linear(part: str, value: Any) -> Any:  # noqa: ANN401
            module, (low, high) = self._linear(layer, part), self.changes[f"encoder.layer.{number}.{part}.weight"]
            changed = functional.linear(functional.linear(value, low), high)
            return functional.linear(value, module.weight, module.bias) + changed

        def dropped(value: Any) -> Any:  # noqa: ANN401
            return functional.dropout(value, _DROPOUT, training)

        batch, length, dim = hidden.shape
        query, key, value = (
            linear(f"attention.self.{part}", hidden).view(batch, length, self._heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :].bool())
        mixed = mixed.transpose(1, 2).reshape(batch, length, dim)
        middle = layer.attention.output.LayerNorm(dropped(linear("attention.output.dense", mixed)) + hidden)
        inner = functional.gelu(linear("intermediate.dense", middle))
        return layer.output.LayerNorm(dropped(linear("output.dense", inner)) + middle)

    def save(self, path: Path, weights_sha256: str) -> None:
        """Write the changes, 16 bits a number, and what they belong to."""
        import numpy as np

        arrays: dict[str, Any] = {
            "weights_sha256": np.array(weights_sha256),
            "nothing": np.array(float(self.nothing.detach())),
            "sharpness": np.array(math.exp(float(self.sharpness.detach()))),
        }
        for name, (low, high) in self.changes.items():
            arrays[f"{name}.A"] = low.detach().numpy().astype(np.float16)
            arrays[f"{name}.B"] = high.detach().numpy().astype(np.float16)
        part = path.with_name(f"{path.name}.{nonce()}.part")
        with writing(path.parent):
            try:
                with part.open("wb") as handle:
                    np.savez_compressed(handle, **arrays)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)


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
    changes = [p for pair in student.changes.values() for p in pair]
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
