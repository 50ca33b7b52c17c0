"""Fitting the answerability networks and the on-topic classifier to evidence. Needs torch and scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.answerability.evidence import SENTENCES, Evidence, SentenceEvidence, WordEvidence
from assistant.answerability.model import network_logit, topic_logit

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]

#: Sizes of the two hidden layers; 32 and 32 were no better (near-miss recall at 7%: .371 against .377).
WORD_UNITS, SENTENCE_UNITS = 16, 24
EPOCHS, BATCH, RATE, DECAY, DROPOUT = 12, 64, 3e-3, 2e-2, 0.4
#: Weight of the auxiliary loss that teaches attention which sentence answers.
SENTENCE_LOSS = 0.3
#: Decimals kept of a parameter.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Example:
    """Evidence of a question with its label; ``answers`` marks the candidates that hold the gold quote, ``(n,)``."""

    evidence: Evidence
    answered: bool
    answers: NDArray[np.float32]


@dataclass(frozen=True)
class _Batch:
    """Examples padded to one shape: ``kept`` masks words, ``real`` candidates."""

    sentences: torch.Tensor
    words: torch.Tensor
    kept: torch.Tensor
    real: torch.Tensor
    answers: torch.Tensor
    labels: torch.Tensor


def scaling_of(examples: Sequence[Example]) -> dict[str, NDArray[np.float32]]:
    """Mean and deviation of each field of evidence."""
    sentences = np.concatenate([e.evidence.sentences for e in examples])
    words = np.concatenate([e.evidence.words.reshape(-1, len(WordEvidence._fields)) for e in examples])
    return {
        "sentence_mean": sentences.mean(0),
        "sentence_scale": sentences.std(0) + 1e-3,
        "word_mean": words.mean(0),
        "word_scale": words.std(0) + 1e-2,
    }


def _padded(examples: Sequence[Example], scaling: Mapping[str, NDArray[np.float32]]) -> _Batch:
    import torch

    n, longest = len(examples), max(e.evidence.words.shape[1] for e in examples)
    sentences = torch.zeros(n, SENTENCES, len(SentenceEvidence._fields))
    words = torch.zeros(n, SENTENCES, longest, len(WordEvidence._fields))
    kept, real, answers = torch.zeros(n, SENTENCES, longest), torch.zeros(n, SENTENCES), torch.zeros(n, SENTENCES)
    for i, e in enumerate(examples):
        c, m = e.evidence.words.shape[:2]
        s = (e.evidence.sentences - scaling["sentence_mean"]) / scaling["sentence_scale"]
        w = (e.evidence.words - scaling["word_mean"]) / scaling["word_scale"]
        sentences[i, :c], words[i, :c, :m] = torch.tensor(np.clip(s, -4, 4)), torch.tensor(np.clip(w, -4, 4))
        kept[i, :c, :m], real[i, :c], answers[i, :c] = 1, 1, torch.tensor(e.answers)
    return _Batch(sentences, words, kept, real, answers, torch.tensor([float(e.answered) for e in examples]))


def _build() -> torch.nn.Module:
    """The network of ``network_logit``, with dropout."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            joined = len(SentenceEvidence._fields) + 3 * WORD_UNITS
            self.word = nn.Linear(len(WordEvidence._fields), WORD_UNITS)
            self.hidden, self.out = nn.Linear(joined, SENTENCE_UNITS), nn.Linear(SENTENCE_UNITS, 1)
            self.linear = nn.Linear(joined, 1, bias=False)
            self.attention = nn.Linear(len(SentenceEvidence._fields), 1, bias=False)
            self.dropout = nn.Dropout(DROPOUT)

        def forward(
            self, sentences: torch.Tensor, words: torch.Tensor, kept: torch.Tensor, real: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            """Logit a question, ``(batch,)``, and log attention, ``(batch, SENTENCES)``."""
            mask = kept.unsqueeze(-1)
            hidden = torch.relu(self.word(words)) * mask
            pooled = [hidden.sum(-2) / mask.sum(-2).clamp(min=1), hidden.amax(-2), hidden.sum(-2) / 5]
            joined = self.dropout(torch.cat([sentences, *pooled], dim=-1))
            deep = self.out(self.dropout(torch.relu(self.hidden(joined))))
            logits = (deep + self.linear(joined)).squeeze(-1)
            preference = self.attention(sentences).squeeze(-1).masked_fill(real == 0, -1e9)
            attention = torch.log_softmax(preference, dim=-1)
            return (attention.exp() * logits).sum(-1), attention

    return Network()


def train_network(examples: Sequence[Example], seed: int) -> dict[str, list[Any]]:
    """Train one network; its parameters as lists, named as ``network_logit`` reads them."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    scaling = scaling_of(examples)
    data = _padded(examples, scaling)
    network = _build()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE * 2, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(examples)), BATCH):
            logit, attention = network(data.sentences[rows], data.words[rows], data.kept[rows], data.real[rows])
            loss = binary_cross_entropy_with_logits(logit, data.labels[rows])
            told = data.answers[rows].sum(-1) > 0
            if told.any():
                loss = loss - SENTENCE_LOSS * (attention[told] * data.answers[rows][told]).sum(-1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    arrays = scaling | {
        "word_weights": state["word.weight"],
        "word_bias": state["word.bias"],
        "hidden_weights": state["hidden.weight"],
        "hidden_bias": state["hidden.bias"],
        "out_weights": state["out.weight"][0],
        "out_bias": state["out.bias"],
        "linear_weights": state["linear.weight"][0],
        "attention_weights": state["attention.weight"][0],
    }
    return {name: np.round(value.astype(float), _DIGITS).tolist() for name, value in arrays.items()}


def network_logits(networks: Sequence[Mapping[str, Any]], examples: Sequence[Example]) -> Floats:
    """Mean logit of the networks for each example, by the code that serves."""
    arrays = [{k: np.array(v, dtype=np.float32) for k, v in n.items()} for n in networks]
    return np.array(
        [np.mean([network_logit(n, e.evidence.sentences, e.evidence.words)[0] for n in arrays]) for e in examples]
    )


def fit_topic(on: Sequence[Evidence], off: Sequence[Evidence]) -> dict[str, Any]:
    """The linear on-topic classifier, both sides weighing alike."""
    from sklearn.linear_model import LogisticRegression

    rows = np.array([e.topic for e in (*on, *off)], dtype=float)
    mean, scale = rows.mean(0), rows.std(0) + 1e-6
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    model.fit((rows - mean) / scale, [1] * len(on) + [0] * len(off))
    values = {"mean": mean, "scale": scale, "weights": model.coef_[0], "bias": model.intercept_[0]}
    return {k: np.round(v, _DIGITS).tolist() for k, v in values.items()}


def topic_logits(topic: Mapping[str, Any], found: Sequence[Evidence]) -> Floats:
    """Logit of the on-topic classifier for each question."""
    arrays = {k: np.array(v, dtype=np.float32) for k, v in topic.items()}
    return np.array([topic_logit(arrays, e.topic) for e in found])


def calibrate(logits: Floats, answered: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset that turn held-out logits into probabilities (Platt)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6).fit(logits[:, None], answered)
    return round(float(model.coef_[0, 0]), _DIGITS), round(float(model.intercept_[0]), _DIGITS)
