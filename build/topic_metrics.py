"""The figures of merit of groupings, classifications and confidences; knows nothing of the app."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
BINS = 15


def joint(truth: npt.ArrayLike, found: npt.ArrayLike) -> Floats:
    """How many items have each pair of labels, (true labels, found labels)."""
    rows, columns = (np.unique(np.asarray(x), return_inverse=True)[1] for x in (truth, found))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    return table


def nmi(truth: npt.ArrayLike, found: npt.ArrayLike) -> float:
    """Normalised mutual information, arithmetic mean: 0 unrelated, 1 the same grouping."""
    table = joint(truth, found)
    share = table / table.sum()
    a, b = share.sum(1), share.sum(0)
    seen = share > 0
    mutual = (share[seen] * np.log(share[seen] / np.outer(a, b)[seen])).sum()
    entropies = -((a * np.log(a)).sum() + (b * np.log(b)).sum())
    return float(2 * mutual / entropies) if entropies else 1.0


def ari(truth: npt.ArrayLike, found: npt.ArrayLike) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985): 0 by chance, 1 the same grouping."""
    table = joint(truth, found)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    chance = rows * columns / pairs(table.sum(keepdims=True))
    most = (rows + columns) / 2
    return float((both - chance) / (most - chance)) if most != chance else 1.0


def matched_accuracy(truth: npt.ArrayLike, found: npt.ArrayLike) -> float:
    """Share of items in the group that the best one-to-one match gives their label (Hungarian)."""
    table = joint(truth, found)
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / table.sum())


def calibration_error(confidence: Floats, right: npt.ArrayLike, *, bins: int = BINS) -> float:
    """Expected calibration error with 15 equal bins (Naeini 2015, Guo 2017)."""
    correct = np.asarray(right, float)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    sums = np.zeros(bins)
    np.add.at(sums, index, confidence - correct)
    return float(np.abs(sums).sum() / len(correct))


def auroc(inside: Floats, outside: Floats) -> float:
    """The chance that one of `inside` scores above one of `outside`; ties count half."""
    ranks = rankdata(np.concatenate([inside, outside]))[: len(inside)]
    wins = ranks.sum() - len(inside) * (len(inside) + 1) / 2
    return float(wins / (len(inside) * len(outside)))
