"""Nearest-topic classification: prototypes, calibrated probability, and whether any topic fits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from app.embedding.discovery import Labels, unit
from app.embedding.encoder import Vectors

Numbers = npt.NDArray[np.float64]

# Measured on CLINC150, its banking part and SLURP (report of issue 2).
NAMES_TEMPERATURE = 0.05  # without examples: ECE .035-.055
NAMES_THRESHOLD = 0.30  # without examples: 2 % of ours and 90 % of strangers rejected
TEMPERATURES = np.geomspace(0.01, 0.2, 25)
# The threshold gives up at most 3 % of the examples. The second bound holds where they are records
# that passed the last threshold, of which a quantile would give up 3 % more each time: 2.8 times
# the way from median to lower quartile is the 3 % point of a normal distribution.
FIT_QUANTILE = 0.03
FIT_SPAN = 2.8
THRESHOLD_RANGE = (0.25, 0.60)
MIN_EXAMPLES = 20  # fewer cannot set a temperature or a threshold
MEMBER_WEIGHT = 10  # a topic's discovered members weigh at most as much as ten examples
# Groups found in the data agree with people's labels less than with themselves: left to their own,
# they make ECE .08-.16 instead of .02-.11.
MEMBER_TEMPERATURE = 0.05
CALIBRATION = 2_000
CHUNK = 4_000
ALTERNATIVES = 3


class TopicSpec(BaseModel):
    """A leaf to choose from. `examples` were confirmed by the user, `members` come from discovery.

    Give all members of a discovered topic, or a random part: with only those near its centroid the
    probabilities come out far too high and half of the records fit nowhere (measured).
    """

    id: int
    path: list[str]
    description: str = ""
    examples: list[int] = []
    members: list[int] = []


@dataclass(frozen=True)
class Assignments:
    """Per record: the three likeliest topics (n, 3), their probabilities (n, 3), and the fit (n,)."""

    topics: Labels
    probabilities: Numbers
    fit: Numbers


@dataclass(frozen=True)
class Classifier:
    """Unit prototypes (k, d), the softmax temperature, and the least fit that counts as a topic."""

    prototypes: Vectors
    temperature: float
    threshold: float

    def classify(self, vectors: Vectors) -> Assignments:
        """Probability = softmax(cosine / temperature); fit = the largest cosine."""
        parts = [self._part(vectors[i : i + CHUNK]) for i in range(0, len(vectors), CHUNK)]
        count = min(ALTERNATIVES, len(self.prototypes))
        if not parts:
            empty = np.zeros((0, count))
            return Assignments(empty.astype(np.int64), empty, np.zeros(0))
        topics, probabilities, fit = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Assignments(topics, probabilities, fit)

    def _part(self, vectors: Vectors) -> tuple[Labels, Numbers, Numbers]:
        cosine = (vectors @ self.prototypes.T).astype(np.float64)
        probability = softmax(cosine / self.temperature)
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :ALTERNATIVES]
        return order, np.take_along_axis(probability, order, 1), cosine.max(1)


def softmax(scores: Numbers) -> Numbers:
    """Row by row."""
    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def topic_texts(topic: TopicSpec) -> tuple[str, str]:
    """The two texts that stand for a topic: its name, and its path with the description.

    Their mean is better than either: .784 on the banking part of CLINC (.752 name, .786 path),
    .710 on CLINC150 (.696, .685).
    """
    about = f": {topic.description}" if topic.description else ""
    return topic.path[-1], ": ".join(topic.path) + about


def train(
    names: Vectors, examples: Sequence[Vectors], members: Sequence[Vectors], *, seed: int = 0
) -> Classifier:
    """A classifier from each topic's name vector (k, d), its examples and its members (n_i, d).

    A prototype is the unit sum of name, examples, and the members' mean times at most ten.
    Temperature: least negative log-likelihood of examples and members, each left out of its own
    prototype; at least 0.05 where most of them are members, which alone measure as too sure.
    Threshold: at most the 3 % quantile of their fits. With fewer than 20 of them both are the
    measured constants.
    """
    weights = [min(1.0, MEMBER_WEIGHT / max(len(part), 1)) for part in members]
    sums = names + np.stack(
        [e.sum(0) + w * m.sum(0) for e, m, w in zip(examples, members, weights, strict=True)]
    )
    prototypes = unit(sums)
    pools = [*examples, *members]
    own = np.repeat([1.0] * len(names) + weights, [len(part) for part in pools])
    topic = np.repeat(np.tile(np.arange(len(names)), 2), [len(part) for part in pools])
    if len(topic) < MIN_EXAMPLES:
        return Classifier(prototypes, NAMES_TEMPERATURE, NAMES_THRESHOLD)
    vectors = np.concatenate(pools)
    if len(topic) > CALIBRATION:
        some = np.random.default_rng(seed).choice(len(topic), CALIBRATION, replace=False)
        topic, vectors, own = topic[some], vectors[some], own[some]
    without = unit(sums[topic] - own[:, None] * vectors)
    cosine = (vectors @ prototypes.T).astype(np.float64)
    cosine[np.arange(len(topic)), topic] = (vectors * without).sum(1)
    temperature = _temperature(cosine, topic)
    if sum(map(len, members)) > sum(map(len, examples)):
        temperature = max(temperature, MEMBER_TEMPERATURE)
    return Classifier(prototypes, temperature, _threshold(cosine.max(1)))


def _threshold(fits: Numbers) -> float:
    median, quartile, low = np.quantile(fits, [0.5, 0.25, FIT_QUANTILE])
    least = min(low, median - FIT_SPAN * (median - quartile))
    return float(np.clip(least, *THRESHOLD_RANGE))


def _temperature(cosine: Numbers, topic: Labels) -> float:
    own = np.arange(len(topic))
    losses = [
        -np.log(softmax(cosine / t)[own, topic] + 1e-12).mean() for t in TEMPERATURES.tolist()
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
