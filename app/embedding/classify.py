"""Nearest-topic classification: calibrated probability, and whether any topic fits at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from app.embedding.discovery import Labels, unit
from app.embedding.encoder import Vectors
from app.embedding.prototypes import Known, Numbers, Prototypes, known, place, smoothed

# Chosen on the sets named in prototypes.py; CLINC150's validation part was looked at between, and its
# ECE of .064 by names took this one from .07, which suits those sets as well, to .066.
# Without examples: where the prototypes as given and as moved choose the same topic for 85 % of the
# records. Where they disagree more, the names say less, and less sure is right: ECE .03 instead of
# .09 on SLURP (71 % agree), .02 on the banking part of CLINC (88 %).
NAMES_TEMPERATURE = 0.066
AGREEMENT = 0.85
# It counts like three examples of each topic; like one, the mean ECE is .066 instead of .055 with one
# example, .035 instead of .032 with five (measured at .07).
PRIOR_EXAMPLES = 3
# Shares of the prototypes as moved to the records. With half of them in the fit too, single strangers
# are told better (AUROC .78 for .76, names alone) and whole topics of them worse (.79 for .80).
MOVED, FIT_MOVED = 0.5, 0.25
NAMES_THRESHOLD = 0.25  # gives up 0-4 % of ours, 13 % of SLURP's
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
AROUND = 2_500  # records that others are smoothed by
CHUNK = 1_000  # records classified at once
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
    """Prototypes, some of the records to smooth others by (m, d), the softmax temperature, and the
    least fit that counts as a topic.

    `estimated` says that too few confirmed examples were there to measure the probabilities.
    """

    prototypes: Prototypes
    around: Vectors
    temperature: float
    threshold: float
    estimated: bool = True

    def classify(self, vectors: Vectors) -> Assignments:
        """Probability = softmax(cosine / temperature), the mean cosine to a topic's prototype as
        given and as moved to the records: the moved one alone is surer of itself than it is right.
        Fit = the largest cosine of the record smoothed by its neighbours, three parts as given: the
        moved one takes in strangers.
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
        cosine, fit, topic = _left_out(self.prototypes, told, self.around, seed)
        return topic, Assignments(*self._assigned(cosine), fit)

    def _part(self, vectors: Vectors) -> tuple[Labels, Numbers, Numbers]:
        centred = self.prototypes.centred(vectors)
        near = smoothed(centred, self.around)
        fit = _cosines(self.prototypes, near, moved=FIT_MOVED).max(1)
        return *self._assigned(_cosines(self.prototypes, centred)), fit

    def _assigned(self, cosine: Numbers) -> tuple[Labels, Numbers]:
        probability = softmax(cosine / self.temperature)
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :ALTERNATIVES]
        return order, np.take_along_axis(probability, order, 1)


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
    prototype, drawn towards the one for names as far as three examples a topic would: the fewer
    there are, the less they resemble the records. At least 0.07 where most of them are members,
    which alone measure as too sure.
    Threshold: at most the 3 % quantile of their fits. With fewer than 20 of them both are those
    for names.
    """
    told = known(examples, members)
    prototypes = place(names, told, records, seed=seed)
    around = prototypes.centred(records[_some(len(records), AROUND, seed)])
    prior = _names_temperature(prototypes, around)
    if len(told.topic) < MIN_EXAMPLES:
        return Classifier(prototypes, around, prior, NAMES_THRESHOLD)
    cosine, fits, topic = _left_out(prototypes, told, around, seed)
    each = len(told.topic) / len(names)
    logs = each * np.log(_temperature(cosine, topic)) + PRIOR_EXAMPLES * np.log(prior)
    temperature = float(np.exp(logs / (each + PRIOR_EXAMPLES)))
    confirmed, found = sum(map(len, examples)), sum(map(len, members))
    if found > confirmed:
        temperature = max(temperature, MEMBER_TEMPERATURE)
    estimated = confirmed < MIN_EXAMPLES
    return Classifier(prototypes, around, temperature, _threshold(fits), estimated)


def _some(rows: int, count: int, seed: int) -> Labels:
    """All row numbers, or so many of them by chance, in their order."""
    if rows <= count:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def _cosines(prototypes: Prototypes, centred: Vectors, *, moved: float = MOVED) -> Numbers:
    """The mean cosine to each topic's prototype as given and as moved to the records, (n, k)."""
    both = _mean(prototypes.given, prototypes.given + prototypes.near, moved)
    return (centred @ both.T).astype(np.float64)


def _mean(given: Vectors, moved: Vectors, share: float) -> Vectors:
    return (1 - share) * unit(given) + share * unit(moved)


def _names_temperature(prototypes: Prototypes, records: Vectors) -> float:
    """That for names, by how far the prototypes as given and as moved agree on the records."""
    if not len(records):
        return NAMES_TEMPERATURE
    given = (records @ unit(prototypes.given).T).argmax(1)
    moved = (records @ unit(prototypes.given + prototypes.near).T).argmax(1)
    return float(NAMES_TEMPERATURE * np.exp(AGREEMENT - (given == moved).mean()))


def _left_out(
    prototypes: Prototypes, told: Known, around: Vectors, seed: int
) -> tuple[Numbers, Numbers, Labels]:
    """Of at most 2,000 known vectors, each left out of its own topic's prototypes: as `_cosines`,
    the fit, and their topics."""
    rows = _some(len(told.topic), CALIBRATION, seed)
    topic, centred = told.topic[rows], prototypes.centred(told.vectors[rows])
    weight = told.weight[rows, None].astype(np.float32)
    without = prototypes.given[topic] - weight * centred
    own = np.arange(len(rows))
    found = []
    for vectors, moved in ((centred, MOVED), (smoothed(centred, around), FIT_MOVED)):
        cosine = _cosines(prototypes, vectors, moved=moved)
        own_topic = _mean(without, without + prototypes.near[topic], moved)
        cosine[own, topic] = (vectors * own_topic).sum(1)
        found.append(cosine)
    return found[0], found[1].max(1), topic


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
