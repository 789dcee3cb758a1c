"""Charts and trees beside results: the right numbers, cut to what can be read, once in a turn."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np

from app.agent.entries import Chart, TreeShown, as_data, read_back
from app.agent.shown import by_topic, lines, scores, tree
from app.domain.coverage import analyse
from app.domain.figures import DryRunData, PromptAnswers
from app.domain.planning import plan
from app.domain.topic_diff import HierarchyDiff
from app.domain.topics import TopicNode, leaf_paths
from app.domain.verdict import judge
from app.store import records, topics
from app.store.records import RecordFilter
from app.tools.coverage import CoverageReport
from app.tools.proposals import Proposal

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]


def report(counts: dict[str, int], quota: int = 100) -> CoverageReport:
    return CoverageReport(
        coverage=analyse(counts, quota=quota),
        plan=plan(counts, counts, quota=quota),
        quota=quota,
        topic_ids={name: n for n, name in enumerate(counts)},
    )


def proposal(nodes: list[TopicNode]) -> Proposal:
    diff = HierarchyDiff.model_validate({})
    return Proposal(method="auto", hierarchy=nodes, leaves=len(nodes), diff=diff)


def test_topics_as_bars_with_the_quota_biggest_first() -> None:
    chart = by_topic(report({"A": 5, "B": 90, "C": 40}))
    assert chart is not None
    assert chart.labels == ("B", "C", "A")
    assert chart.series == ((90.0, 40.0, 5.0),)
    assert chart.target == 100.0


def test_many_topics_end_in_the_mean_of_the_others() -> None:
    chart = by_topic(report({f"T{n:02}": n for n in range(1, 21)}))
    assert chart is not None
    assert len(chart.labels) == 12
    assert chart.labels[-1] == "9 others, on average"
    assert chart.series[0][-1] == 5.0


def test_one_topic_needs_no_chart() -> None:
    assert by_topic(report({"A": 5})) is None


def test_scores_of_a_dry_run_are_all_there() -> None:
    draws = np.random.default_rng(0).random((50, 4))
    prompts = tuple(PromptAnswers(scores=tuple(row)) for row in draws.tolist())
    chart = scores(judge(DryRunData(prompts=prompts)))
    assert chart is not None
    assert sum(chart.series[0]) == 200
    assert "200 answers" in chart.title


def test_rewards_over_steps_with_the_baseline() -> None:
    rows = [{"kind": "metrics", "step": n, "reward": n / 200} for n in range(1, 121)]
    rows += [{"kind": "evaluation", "step": n, "reward": r} for n, r in ((0, 0.2), (60, 0.5))]
    chart = lines(rows, 0.41)
    assert chart is not None
    assert chart.names == ("train", "validation")
    train, held = chart.series
    assert len(train) == len(held) == len(chart.labels) == 60
    assert train[0] == 0.0075  # of steps 1 and 2
    assert (held[0], held[28], held[29], held[-1]) == (0.2, 0.2, 0.5, 0.5)
    assert chart.target == 0.41
    assert read_back("chart", as_data(chart)) == chart
    assert lines(rows[:1], 0.41) is None


def test_a_tree_keeps_few_ids_and_always_the_numbers() -> None:
    small = [TopicNode(name="P", children=[TopicNode(name="A", record_ids=[1, 2])])]
    found = tree(proposal(small))
    assert found is not None
    (parent,) = found.hierarchy
    assert parent["records"] == 2
    assert parent["children"][0]["record_ids"] == [1, 2]
    large = tree(proposal([TopicNode(name="A", record_ids=list(range(5_000)))]))
    assert large is not None
    assert large.hierarchy[0]["records"] == 5_000
    assert "record_ids" not in large.hierarchy[0]
    assert tree(proposal([])) is None


async def test_the_tree_is_used_where_it_stands_and_finds_its_records(
    talk: OpenTalk, rows: Rows
) -> None:
    """Renamed and without ids it takes the records of the proposal it stands for."""
    labelled = [row | {"extra": {"kind": ("cards", "bills")[n % 2]}} for n, row in enumerate(rows)]
    async with talk(labelled, goal="Route") as t:
        await t.app.call("generate_topics", method="labels")
        await t.send("what next?")
        (shown,) = t.of(TreeShown)
        nodes = [{k: v for k, v in n.items() if k != "record_ids"} for n in shown.hierarchy]
        nodes[1]["name"] = "Renamed"
        await t.app.call("apply_topic_hierarchy", hierarchy=nodes)
        store = t.app.session.store
        named = {path[-1]: i for i, path in leaf_paths(await store.read(topics.all_topics)).items()}
        assert set(named) == {nodes[0]["name"], "Renamed"}
        of_first = await store.read(records.count, RecordFilter(topic_ids=(named["Renamed"],)))
        assert of_first > 0


async def test_the_same_is_shown_once_in_a_turn_and_again_in_the_next(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await t.send("add topic Odd", "add topic Even")
        odd, even = (x.id for x in await t.app.session.store.read(topics.all_topics))
        await t.app.call("assign_topic", record_ids=list(range(1, 41)), topic=odd)
        await t.app.call("assign_topic", record_ids=list(range(41, 61)), topic=even)
        await t.send("categorise")
        (chart,) = t.of(Chart)
        assert chart.labels == ("Odd", "Even")
        assert chart.series == ((40.0, 20.0),)
        await t.send("analyse the coverage")
        assert len(t.of(Chart)) == 2
        assert "2 topics thin, the fewest records first: **Even** and **Odd**." in t.text
