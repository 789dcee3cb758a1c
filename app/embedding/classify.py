"""Nearest-topic classification: calibrated probability, and whether any topic fits at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from app.embedding.discovery import Labels, unit
from app.embedding.encoder import Vectors
from app.embedding.prototypes import Known, Numbers, Prototypes, known, place

# Chosen on the sets named in prototypes.py.
NAMES_TEMPERATURE = 0.065  # without examples: ECE .02-.06
NAMES_THRESHOLD = 0.20
TEMPERATURES = np.geomspace(0.02, 0.3, 40)
# The threshold gives up at most 3 % of the examples. The second bound holds where they are records
# that passed the last threshold, of which a quantile would give up 3 % more each time: 2.8 times
# the way from median to lower quartile is the 3 % point of a normal distribution.
FIT_QUANTILE = 0.03
FIT_SPAN = 2.8
THRESHOLD_RANGE = (0.15, 0.50)
MIN_EXAMPLES = 20  # fewer cannot set a temperature or a threshold
# Groups found in the data agree with people's labels less than with themselves: left to their own,
# they make ECE .08-.16 instead of .02-.11.
MEMBER_TEMPERATURE = 0.07
CALIBRATION = 2_000
CHUNK = 4_000
ALTERNATIVES = 3

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[_\-./]+")


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
    """Prototypes, the softmax temperature, and the least fit that counts as a topic.

    `estimated` says that too few confirmed examples were there to measure the probabilities.
    """

    prototypes: Prototypes
    temperature: float
    threshold: float
    estimated: bool = True

    def classify(self, vectors: Vectors) -> Assignments:
        """Probability = softmax(cosine / temperature), the mean cosine to a topic's prototype as
        given and as moved to the records; fit = the largest cosine to one as given. Either side
        alone is worse: the moved one is surer of itself than it is right, and takes in strangers.
        """
        parts = [self._part(vectors[i : i + CHUNK]) for i in range(0, len(vectors), CHUNK)]
        count = min(ALTERNATIVES, len(self.prototypes.given))
        if not parts:
            empty = np.zeros((0, count))
            return Assignments(empty.astype(np.int64), empty, np.zeros(0))
        topics, probabilities, fit = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Assignments(topics, probabilities, fit)

    def left_out(self, examples: Sequence[Vectors], *, seed: int = 0) -> tuple[Labels, Assignments]:
        """Of at most 2,000 examples (n_i, d) that it was trained with: their topics (n,), and what is
        said of each when it is left out of its own topic's prototypes."""
        nothing = np.zeros((0, len(self.prototypes.centre)), np.float32)
        told = known(examples, [nothing] * len(examples))
        given, moved, topic = _left_out(self.prototypes, told, seed)
        return topic, Assignments(*self._assigned(given, moved))

    def _part(self, vectors: Vectors) -> tuple[Labels, Numbers, Numbers]:
        return self._assigned(*_cosines(self.prototypes, vectors))

    def _assigned(self, given: Numbers, moved: Numbers) -> tuple[Labels, Numbers, Numbers]:
        cosine = (given + moved) / 2
        probability = softmax(cosine / self.temperature)
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :ALTERNATIVES]
        return order, np.take_along_axis(probability, order, 1), given.max(1)


def softmax(scores: Numbers) -> Numbers:
    """Row by row."""
    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def readable(name: str) -> str:
    """An identifier as words: «card_lost» and «CardLost» as «card lost»; other names as they are."""
    name = name.strip()
    if " " in name:
        return name.replace("_", " ")
    return _CAMEL.sub(" ", _JOINTS.sub(" ", name)).strip().lower() or name


def topic_texts(topic: TopicSpec) -> tuple[str, str]:
    """The two texts that stand for a topic: its name, and its path with the description.

    Their mean is better than either: .784 on the banking part of CLINC (.752 name, .786 path),
    .483 on SLURP (.491, .431), each centred.
    """
    path = [readable(part) for part in topic.path]
    about = f": {topic.description}" if topic.description else ""
    return path[-1], ": ".join(path) + about


def train(
    names: Vectors,
    examples: Sequence[Vectors],
    members: Sequence[Vectors],
    *,
    records: Vectors,
    seed: int = 0,
) -> Classifier:
    """A classifier from each topic's name vector (k, d), its examples, its members (n_i, d), and
    the records that are no examples (n, d), to which the prototypes move.

    Temperature: least negative log-likelihood of examples and members, each left out of its own
    prototype, drawn towards the one for names as far as an example a topic would: the fewer there
    are, the less they resemble the records. At least 0.07 where most of them are members, which
    alone measure as too sure.
    Threshold: at most the 3 % quantile of their fits. With fewer than 20 of them both are the
    measured constants.
    """
    told = known(examples, members)
    prototypes = place(names, told, records, seed=seed)
    if len(told.topic) < MIN_EXAMPLES:
        return Classifier(prototypes, NAMES_TEMPERATURE, NAMES_THRESHOLD)
    given, moved, topic = _left_out(prototypes, told, seed)
    measured = np.log(_temperature((given + moved) / 2, topic))
    each = len(told.topic) / len(names)
    temperature = float(np.exp((each * measured + np.log(NAMES_TEMPERATURE)) / (each + 1)))
    confirmed, found = sum(map(len, examples)), sum(map(len, members))
    if found > confirmed:
        temperature = max(temperature, MEMBER_TEMPERATURE)
    estimated = confirmed < MIN_EXAMPLES
    return Classifier(prototypes, temperature, _threshold(given.max(1)), estimated)


def _cosines(prototypes: Prototypes, vectors: Vectors) -> tuple[Numbers, Numbers]:
    """Cosines to each topic's prototype as given and as moved to the records, (n, k) each."""
    centred = prototypes.centred(vectors)
    moved = unit(prototypes.given + prototypes.near)
    return (
        (centred @ unit(prototypes.given).T).astype(np.float64),
        (centred @ moved.T).astype(np.float64),
    )


def _left_out(prototypes: Prototypes, told: Known, seed: int) -> tuple[Numbers, Numbers, Labels]:
    """As `_cosines`, of at most 2,000 known vectors, each left out of its own topic's prototypes;
    and their topics."""
    rows = np.arange(len(told.topic))
    if len(rows) > CALIBRATION:
        rows = np.random.default_rng(seed).choice(len(rows), CALIBRATION, replace=False)
    topic, vectors = told.topic[rows], told.vectors[rows]
    given, moved = _cosines(prototypes, vectors)
    centred = prototypes.centred(vectors)
    without = prototypes.given[topic] - told.weight[rows, None] * centred
    own = np.arange(len(rows))
    given[own, topic] = (centred * unit(without)).sum(1)
    moved[own, topic] = (centred * unit(without + prototypes.near[topic])).sum(1)
    return given, moved, topic


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
