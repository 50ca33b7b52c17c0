"""The small trained networks that turn evidence into two probabilities. Runs in numpy.

``python -m evals.train_answerability`` makes the coefficients that lie beside
this module and reports how they do on articles held out (docs/retrieval.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answerability.evidence import Evidence, SentenceEvidence, TopicEvidence, WordEvidence
from corpus.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

#: Version of the coefficients; a file of another one is refused.
SCHEMA = 2
#: Where the shipped coefficients lie.
COEFFICIENTS = Path(__file__).with_name("coefficients.json")


#: Kinds of evidence in a file of coefficients, each with the fields it must name in order.
FEATURES: Mapping[str, type[WordEvidence] | type[SentenceEvidence] | type[TopicEvidence]] = {
    "word_features": WordEvidence,
    "sentence_features": SentenceEvidence,
    "topic_features": TopicEvidence,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities that the question is about the document and that the document answers it, each 0 to 1.

    They were calibrated where half the questions are not answered. ``about``
    and ``answers`` are the decisions; ``answers`` takes both gates into
    account. ``sentence`` is the place among the candidates of the sentence the
    networks looked at most.
    """

    on_topic: float
    answered: float
    about: bool
    answers: bool
    sentence: int


class AnswerabilityModel:
    """An ensemble of small networks over :class:`Evidence`, and a linear on-topic classifier.

    A network reads each word's evidence through one hidden layer, pools over
    the words (mean, maximum, sum over five), joins the sentence's evidence and
    gives the sentence a logit; the logits of the candidates are averaged by
    attention over the sentence evidence.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Take the parsed file.

        Raises:
            ValueError: the schema is another one, or the features are not those of this code.
        """
        import numpy as np

        if parameters.get("schema") != SCHEMA:
            raise ValueError(f"schema {parameters.get('schema')!r}, expected {SCHEMA}")
        for key, row in FEATURES.items():
            if tuple(parameters[key]) != row._fields:
                raise ValueError(f"{key} are not those of {row.__name__}")
        self._networks = [{k: np.array(v, dtype=np.float32) for k, v in n.items()} for n in parameters["networks"]]
        self._topic = {k: np.array(v, dtype=np.float32) for k, v in parameters["topic"].items()}
        self._slope, self._offset = (float(v) for v in parameters["calibration"])
        #: Probabilities below which a question is refused, each 0 to 1.
        self.on_topic_threshold = float(parameters["thresholds"]["on_topic"])
        self.answered_threshold = float(parameters["thresholds"]["answered"])
        if not self._networks:
            raise ValueError("no network")

    @classmethod
    def load(cls, path: Path = COEFFICIENTS) -> AnswerabilityModel:
        """Read a model from its file.

        Raises:
            ModelError: the file is missing, damaged or of another version.
        """
        remedy = "Install the package again, or run 'python -m evals.train_answerability'."
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ModelError(f"The answerability networks {path.name!r} cannot be read.", remedy=remedy) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"The answerability networks {path.name!r} are damaged or of another version ({error}).", remedy=remedy
            ) from error

    def judge(self, evidence: Evidence) -> Judgement:
        """Judge a question by its evidence."""
        import numpy as np

        found = [network_logit(network, evidence.sentences, evidence.words) for network in self._networks]
        logit = float(np.mean([logit for logit, _ in found]))
        on_topic = sigmoid(topic_logit(self._topic, evidence.topic))
        answered = sigmoid(self._slope * logit + self._offset)
        about = on_topic >= self.on_topic_threshold
        return Judgement(
            on_topic=on_topic,
            answered=answered,
            about=about,
            answers=about and answered >= self.answered_threshold,
            sentence=int(np.argmax(np.mean([attention for _, attention in found], axis=0))),
        )


def topic_logit(topic: Mapping[str, Scores], evidence: Scores) -> float:
    """Logit of the linear on-topic classifier."""
    return float((evidence - topic["mean"]) / topic["scale"] @ topic["weights"] + topic["bias"])


def network_logit(network: Mapping[str, Scores], sentences: Scores, words: Scores) -> tuple[float, Scores]:
    """Logit of one network, and its attention over the candidate sentences, shape ``(n,)``, summing to 1.

    Evidence is standardised and clipped to four deviations: a document unlike
    those of the training must not reach where nothing was learned.
    """
    import numpy as np

    s = np.clip((sentences - network["sentence_mean"]) / network["sentence_scale"], -4, 4)
    w = np.clip((words - network["word_mean"]) / network["word_scale"], -4, 4)
    hidden = np.maximum(w @ network["word_weights"].T + network["word_bias"], 0)
    joined = np.concatenate([s, hidden.mean(axis=1), hidden.max(axis=1), hidden.sum(axis=1) / 5], axis=1)
    deep = np.maximum(joined @ network["hidden_weights"].T + network["hidden_bias"], 0) @ network["out_weights"]
    logits = deep + joined @ network["linear_weights"] + network["out_bias"]
    preference = s @ network["attention_weights"]
    attention = np.exp(preference - preference.max())
    attention /= attention.sum()
    return float(logits @ attention), attention


def sigmoid(x: float) -> float:
    """Logistic function, safe for large ``-x``."""
    import numpy as np

    return float(1 / (1 + np.exp(-np.clip(x, -30, 30))))
