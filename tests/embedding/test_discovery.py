"""Discovery finds the known topics of real data, at about their number, and cuts them at will."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.embedding.cache import encode_cached
from app.embedding.discovery import SAMPLE, discover, silhouettes, unit
from app.embedding.encoder import Encoder
from app.embedding.naming import name_nodes, phrases, titled
from app.embedding.proposal import NodeText, Proposal, load_proposal, recut, unique_names
from app.errors import InputError
from tests.embedding.conftest import Labelled

Load = Callable[[str, int], Labelled]


def nmi(left: np.ndarray, right: np.ndarray) -> float:
    """Normalised mutual information, arithmetic mean (0 unrelated, 1 the same grouping)."""
    rows, columns = (np.unique(x, return_inverse=True)[1] for x in (left, right))
    joint = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(joint, (rows, columns), 1 / len(rows))
    a, b = joint.sum(1), joint.sum(0)
    seen = joint > 0
    mutual = (joint[seen] * np.log(joint[seen] / np.outer(a, b)[seen])).sum()
    return float(2 * mutual / -((a * np.log(a)).sum() + (b * np.log(b)).sum()))


def proposed(data: Labelled, encoder: Encoder, cache: Path) -> Proposal:
    found = discover(data.vectors)
    nodes = name_nodes(
        data.texts,
        data.vectors,
        fine=found.fine,
        merges=found.merges,
        encode=lambda names: encode_cached(names, encoder, cache),
    )
    return Proposal(
        record_ids=list(range(len(data.texts))),
        groups=found.fine.tolist(),
        merges=found.merges,
        nodes=nodes,
        suggested=found.suggested,
    )


def grouping(proposal: Proposal, topics: int | None = None) -> np.ndarray:
    labels = np.full(len(proposal.record_ids), -1)
    for number, node in enumerate(proposal.cut(topics)):
        labels[node.record_ids] = number
    assert labels.min() == 0
    return labels


def test_topics_of_support_tickets(labelled: Load, encoder: Encoder, cache: Path) -> None:
    """1,000 of 3,000 tickets, 30 intents: measured NMI .853 at the 17 found, .90 at 30."""
    data = labelled("clinc_banking_train", 1_000)
    proposal = proposed(data, encoder, cache)
    assert 15 <= proposal.suggested <= 45
    assert nmi(data.labels, grouping(proposal)) >= 0.80
    assert nmi(data.labels, grouping(proposal, 30)) >= 0.85
    names = [node.name for node in proposal.cut(30)]
    assert len({name.casefold() for name in names}) == 30
    assert max(len(name.split()) for name in names) <= 5
    assert {"Routing number", "Interest rate"} <= set(names)
    assert all(len(node.exemplars) == 3 for node in proposal.cut(30))


@pytest.mark.slow
def test_thirty_intents_of_the_whole_sample(labelled: Load, encoder: Encoder, cache: Path) -> None:
    """3,000 tickets, 30 intents of 100: measured 35 found, sizes 29-152."""
    data = labelled("clinc_banking_train", 3_000)
    proposal = proposed(data, encoder, cache)
    sizes = Counter(grouping(proposal).tolist()).values()
    assert 25 <= proposal.suggested <= 45
    assert nmi(data.labels, grouping(proposal)) >= 0.86
    assert min(sizes) >= 20
    assert max(sizes) <= 300


@pytest.mark.slow
def test_a_hundred_and_fifty_intents(labelled: Load) -> None:
    """CLINC150: measured 162 found for 150. SLURP's 18 scenarios, 76 intents: 41 found."""
    assert 110 <= discover(labelled("clinc150_val", 3_000).vectors).suggested <= 200
    assert 15 <= discover(labelled("slurp_devel", 2_033).vectors).suggested <= 71


def blobs(count: int, each: int, *, spread: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(count), each)
    centres = unit(random.normal(size=(count, 32)))
    return unit(centres[labels] + spread * random.normal(size=(len(labels), 32))), labels


def test_clear_groups_are_found_exactly_and_cut_nested() -> None:
    vectors, labels = blobs(8, 30)
    found = discover(vectors)
    proposal = Proposal(
        record_ids=list(range(len(labels))),
        groups=found.fine.tolist(),
        merges=found.merges,
        nodes=[NodeText()] * (2 * found.finest - 1),
        suggested=found.suggested,
    )
    assert proposal.suggested == 8
    assert nmi(labels, grouping(proposal)) == pytest.approx(1)
    assert len(proposal.cut(2)) == 2
    assert len(proposal.cut(10_000)) == proposal.finest == 48
    assert len(proposal.cut(0)) == 8
    coarse, fine = grouping(proposal, 5), grouping(proposal, 20)
    assert all(len(set(coarse[fine == group].tolist())) == 1 for group in set(fine.tolist()))


def test_the_number_can_be_given() -> None:
    vectors, _ = blobs(8, 30)
    assert discover(vectors, n_topics=3).suggested == 3
    assert discover(vectors, max_topics=6).finest == 6


def test_more_than_the_sample_is_assigned() -> None:
    vectors, labels = blobs(4, SAMPLE // 4 + 100)
    found = discover(vectors, n_topics=4, max_topics=4)
    assert nmi(labels, found.fine) == pytest.approx(1)


def test_data_without_topics_still_gets_a_number() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(200, 64)))
    assert 2 <= discover(vectors).suggested <= 40


@pytest.mark.parametrize("count", [1, 2, 9, 40])
def test_alike_or_few_records_are_one_topic(count: int) -> None:
    found = discover(unit(np.ones((count, 8))))
    assert (found.suggested, found.merges, found.fine.tolist()) == (1, [], [0] * count)


def test_silhouettes_agree_with_their_definition() -> None:
    vectors, _ = blobs(3, 8, spread=0.2)
    found = discover(vectors)
    distance = 1 - vectors @ vectors.T
    labels, scores = found.fine, []
    for row, own in enumerate(labels):
        inside = distance[row, labels == own].sum() / max((labels == own).sum() - 1, 1)
        other = min(distance[row, labels == g].mean() for g in set(labels.tolist()) - {own})
        scores.append((other - inside) / max(other, inside) if (labels == own).sum() > 1 else 0)
    measured = silhouettes(vectors, found.fine, found.merges)[found.finest]
    assert measured == pytest.approx(np.mean(scores), abs=1e-5)


def test_a_large_proposal_is_cut_from_its_file(tmp_path: Path) -> None:
    proposal = Proposal(
        record_ids=list(range(20_000)),
        groups=[i % 200 for i in range(20_000)],
        merges=[(2 * i, 2 * i + 1) for i in range(199)],
        nodes=[NodeText(names=[f"Topic {i}"]) for i in range(399)],
        suggested=30,
    )
    proposal.save(tmp_path / "proposal.json")
    assert len(recut(tmp_path / "proposal.json", 77)) == 77
    with pytest.raises(InputError, match="Propose topics again"):
        load_proposal(tmp_path / "gone.json")


def test_phrases_and_names() -> None:
    found = phrases("I'd like to report a lost card, and change my PIN number please")
    assert {"report lost card", "lost card", "change pin number"} <= found
    assert not any(p.split()[0] in {"to", "like", "and"} for p in found)
    assert titled("change pin number") == "Change PIN number"
    assert unique_names([["A", "B"], ["a", "C"], ["A"], []]) == ["A", "C", "A 2", "Topic 4"]
