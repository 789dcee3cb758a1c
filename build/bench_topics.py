"""Topics on labelled data by the app's own workers, beside what people would otherwise use.

`make bench-topics` runs on the sets of the shared folder; with DATA=FILE LABELS=dotted.field on any
labelled JSONL. The labels are told to the app only as topic names and examples, never the scored
ones. One JSON object, by data set, is the last line on stdout, with an `error` where a file has no
two topics; what is being done goes to stderr.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from topic_data import Labelled, Labels, draw, read, topics_of
from topic_metrics import ari, auroc, calibration_error, matched_accuracy, nmi
from topic_peers import kmeans, tfidf_svd

from app.embedding import categorize_worker
from app.embedding.cache import encode_cached
from app.embedding.encoder import Encoder
from app.embedding.files import encoder_folder
from app.embedding.proposal import load_proposal
from app.errors import InputError
from app.workers import RunDir, Worker, run_worker

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SETS = ("clinc150_val", "slurp_devel", "sgd_multiturn_tools_small")
FIELD = "metadata.topic_path"
EXAMPLES = (1, 3, 5, 10)
SEEDS = 5
HELD_OUT = 5  # one in so many topics is held out as strangers


@dataclass
class Bench:
    """Where the workers of one data set write, and the vectors they leave there."""

    data: Labelled
    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.folder / "vectors.sqlite"

    def config(self, rows: Labels) -> dict[str, Any]:
        """The input of either worker: these rows, exported as the tools do."""
        lines = [orjson.dumps({"id": int(i), "text": self.data.texts[i]}) for i in rows]
        (self.folder / "records.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        return {
            "records": str(self.folder / "records.jsonl"),
            "cache": str(self.cache),
            "encoder": str(encoder_folder()),
        }

    def worker(self, task: str, config: dict[str, Any], name: str) -> dict[str, Any]:
        """The task in a process of its own, as the app runs it; its wall time is kept."""
        started = time.perf_counter()
        result = asyncio.run(run_worker(task, self.folder / task, config))
        self.seconds[name] = round(time.perf_counter() - started, 2)
        return result

    def categorise(self, config: dict[str, Any], topics: list[dict[str, Any]]) -> "Placed":
        """The same task in this process: many draws, and a process takes a second to start."""
        run = RunDir(self.folder / "categorize")
        run.prepare({**config, "topics": topics})
        worker = Worker(run.path)
        result = categorize_worker.run(worker)
        worker.finish("completed")
        return Placed.read(result)


@dataclass
class Placed:
    """By record: the likeliest topic, its stored probability, the fit; and the worker's result."""

    topic: dict[int, int]
    probability: dict[int, float]
    fit: dict[int, float]
    result: dict[str, Any]

    @classmethod
    def read(cls, result: dict[str, Any]) -> "Placed":
        lines = [orjson.loads(x) for x in Path(result["assignments"]).read_bytes().splitlines()]
        return cls(
            topic={x["id"]: x["alternatives"][0][0] for x in lines},
            probability={x["id"]: x["probability"] for x in lines},
            fit={x["id"]: x["fit"] for x in lines},
            result=result,
        )


def measure(data: Labelled, folder: Path, seeds: int) -> dict[str, Any]:
    """Every figure of one data set."""
    bench = Bench(data, folder)
    found = {
        "records": len(data.texts),
        "topics": len(data.paths),
        "out_of_scope": len(data.outside),
        "left_out": data.left_out,
        "discovery": discovery(bench),
        "categorisation": categorisation(bench, seeds),
        "fit": fits(bench, seeds),
        "peers": peers(bench),
    }
    found["cost"] = bench.seconds | {
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    }
    return found


def discovery(bench: Bench) -> dict[str, Any]:
    """Grouping of the records in scope, at the true and at the estimated number of topics."""
    config = bench.config(bench.data.inside)
    result = bench.worker("topics", config, "discovery")
    kept = bench.folder / "proposal.json"
    Path(result["proposal"]).replace(kept)
    bench.worker("topics", config, "discovery_again")
    proposal, true = load_proposal(kept), len(bench.data.paths)
    scores = {}
    for name, k in (("k_given", true), ("k_estimated", proposal.suggested)):
        group = {i: n for n, node in enumerate(proposal.cut(k)) for i in node.record_ids}
        scores[name] = grouping(bench.data.topic[list(group)], list(group.values()))
    return {
        "estimated": proposal.suggested,
        "estimated_by_true": round(proposal.suggested / true, 3),
        **scores,
    }


def grouping(truth: Labels, groups: Any) -> dict[str, float]:
    scores = {"nmi": nmi, "ari": ari, "accuracy": matched_accuracy}
    return {name: round(score(truth, groups), 4) for name, score in scores.items()}


def categorisation(bench: Bench, seeds: int) -> dict[str, Any]:
    """Accuracy and calibration by names only and by a few examples a topic, on the other records."""
    config = bench.config(bench.data.inside)
    names = topics_of(bench.data)
    bench.worker("categorize", {**config, "topics": names}, "categorisation")
    found = {"names": scored(bench, [bench.categorise(config, names)], [set()])}
    for count in EXAMPLES:
        drawn = [draw(bench.data, count, seed) for seed in range(seeds)]
        placed = [bench.categorise(config, topics_of(bench.data, rows)) for rows in drawn]
        used = [{i for rows in each for i in rows} for each in drawn]
        found[str(count)] = scored(bench, placed, used)
    return found


def scored(bench: Bench, placed: list[Placed], used: list[set[int]]) -> dict[str, Any]:
    """Means over the draws, and the accuracy's standard deviation; examples are not scored."""
    accuracy, parents, error = [], [], []
    for found, without in zip(placed, used, strict=True):
        rows = [int(i) for i in bench.data.inside if int(i) not in without]
        truth = bench.data.topic[rows]
        chosen = np.array([found.topic[i] for i in rows])
        right = chosen == truth
        accuracy.append(right.mean())
        parents.append(
            np.mean(
                [
                    bench.data.paths[a][0] == bench.data.paths[b][0]
                    for a, b in zip(chosen, truth, strict=True)
                ]
            )
        )
        error.append(calibration_error(np.array([found.probability[i] for i in rows]), right))
    figures = {"accuracy": np.mean(accuracy), "spread": np.std(accuracy), "ece": np.mean(error)}
    if any(len(path) > 1 for path in bench.data.paths):
        figures["parent_accuracy"] = np.mean(parents)
    return {name: round(float(x), 4) for name, x in figures.items()} | {
        "temperature": round(float(np.mean([x.result["temperature"] for x in placed])), 4),
        "estimate": placed[0].result["estimated"],
    }


def fits(bench: Bench, seeds: int) -> dict[str, Any]:
    """How well the fit tells strangers, by names and by 1, 5 and 10 examples: those that the data
    marks, the records of topics held out, and of whole parents held out."""
    data, random = bench.data, np.random.default_rng(0)
    everything = np.arange(len(data.paths))
    held: dict[str, list[Labels]] = {}
    if len(data.outside):
        held["marked"] = [everything[:0]] * seeds
    size = max(1, len(everything) // HELD_OUT)
    held["held_out_topics"] = [random.permutation(everything)[:size] for _ in range(seeds)]
    parents = sorted({path[0] for path in data.paths if len(path) > 1})
    if len(parents) >= HELD_OUT:
        size = len(parents) // HELD_OUT
        chosen = [set(random.permutation(parents)[:size].tolist()) for _ in range(seeds)]
        held["held_out_parents"] = [
            np.array([n for n, path in enumerate(data.paths) if path[0] in each]) for each in chosen
        ]
    return {name: _told(bench, each, marked=name == "marked") for name, each in held.items()}


def _told(bench: Bench, held: list[Labels], *, marked: bool) -> dict[str, Any]:
    data = bench.data
    config = bench.config(np.arange(len(data.texts)) if marked else data.inside)
    found: dict[str, Any] = {}
    for count in (0, 1, 5, 10):
        figures = []
        for seed, out in enumerate(held if count else held[: 1 if marked else None]):
            keep = np.setdiff1d(np.arange(len(data.paths)), out)
            examples = draw(data, count, seed)
            placed = bench.categorise(config, topics_of(data, examples, keep))
            used = {i for rows in examples for i in rows}
            ours = [int(i) for i in np.flatnonzero(np.isin(data.topic, keep)) if int(i) not in used]
            outside = data.outside if marked else np.flatnonzero(np.isin(data.topic, out))
            figures.append(_told_apart(placed, data, ours, outside.tolist()))
        found[str(count or "names")] = {
            name: round(float(np.mean([x[name] for x in figures])), 4) for name in figures[0]
        }
    return found


def _told_apart(
    placed: Placed, data: Labelled, ours: list[int], others: list[int]
) -> dict[str, float]:
    inside = np.array([placed.fit[i] for i in ours])
    outside = np.array([placed.fit[i] for i in others])
    threshold = placed.result["threshold"]
    return {
        "auroc": auroc(inside, outside),
        "ours_lost": float((inside < threshold).mean()),
        "strangers_told": float((outside < threshold).mean()),
        "accuracy_among_strangers": float(
            np.mean([placed.topic[i] == data.topic[i] for i in ours])
        ),
    }


def peers(bench: Bench) -> dict[str, Any]:
    """The same records by the usual means, with the number of topics given; CPU seconds of each."""
    data = bench.data
    texts, truth, k = [data.texts[i] for i in data.inside], data.topic[data.inside], len(data.paths)
    encoder = Encoder(encoder_folder())

    def tfidf() -> Labels:
        return kmeans(tfidf_svd(texts), k)

    def minilm() -> Labels:
        return kmeans(encode_cached(texts, encoder, bench.cache), k)

    return {
        "tfidf_svd_kmeans": _peer(tfidf, truth),
        "minilm_kmeans": _peer(minilm, truth),
    }


def _peer(group: Callable[[], Labels], truth: Labels) -> dict[str, float]:
    started = time.process_time()
    found = group()
    return grouping(truth, found) | {"cpu_seconds": round(time.process_time() - started, 2)}


def table(name: str, found: dict[str, Any]) -> str:
    """The figures worth a look, for a person."""
    by = found["discovery"]
    lines = [
        f"{name}: {found['records']:,} records, {found['topics']} topics, {by['estimated']} estimated"
    ]
    groupings = {k: by[k] for k in ("k_given", "k_estimated")} | found["peers"]
    lines += [
        f"  {title:<18} NMI {x['nmi']:.3f}  ARI {x['ari']:.3f}  accuracy {x['accuracy']:.3f}"
        for title, x in groupings.items()
    ]
    lines += [
        f"  examples {count:<9} accuracy {x['accuracy']:.3f} ± {x['spread']:.3f}  ECE {x['ece']:.3f}"
        for count, x in found["categorisation"].items()
    ]
    lines += [
        f"  {kind}: AUROC " + "  ".join(f"{count} {x['auroc']:.3f}" for count, x in each.items())
        for kind, each in found["fit"].items()
    ]
    return "\n".join([*lines, f"  cost {found['cost']}"])


def given(file: Path | None) -> dict[str, Path]:
    """The files to measure by name; shared ones that are not on this machine are named and left."""
    if file:
        return {file.stem: file}
    files = {name: DATA / f"{name}.jsonl" for name in SETS}
    for name, path in files.items():
        if not path.exists():
            sys.stderr.write(f"{name} is left out: {path} is not on this machine.\n")
    return {name: path for name, path in files.items() if path.exists()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="a labelled JSONL file")
    parser.add_argument("--labels", default=FIELD, help="dotted field of the label or path")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of examples")
    chosen = parser.parse_args()
    found: dict[str, Any] = {}
    for name, file in given(chosen.data).items():
        try:
            data = read(file, chosen.labels)
        except (OSError, InputError) as error:
            found[name] = {"error": str(error)}
            sys.stderr.write(f"{error}\n")
            continue
        with tempfile.TemporaryDirectory(prefix="rft-topics-") as folder:
            found[name] = measure(data, Path(folder), chosen.seeds)
        sys.stderr.write(table(name, found[name]) + "\n")
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
    return int(any("error" in each for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
