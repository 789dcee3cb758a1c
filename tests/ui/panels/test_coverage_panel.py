"""The coverage panel: figures of now, rounds, and the offers that need no model."""

from typing import Any

from app.domain.coverage import analyse
from app.domain.planning import plan
from app.store import meta, records, topics
from app.tools.coverage import CoverageReport, Round
from app.ui.coverage.snapshot import CoverageSnapshot, footnote, group_rows, leaf_rows, stats
from app.ui.coverage_panel import CoveragePanel

COUNTS = {"Cards › Lost": 150, "Cards › Stolen": 40, "Fees": 20}
PARENTS = {"Cards › Lost": "Cards", "Cards › Stolen": "Cards", "Fees": "Fees"}


def report(**counts: int) -> CoverageReport:
    found = analyse(COUNTS, groups=[PARENTS], quota=100, uncategorised=5)
    real = {topic: n * 8 // 10 for topic, n in COUNTS.items()}
    return CoverageReport(
        coverage=found,
        plan=plan(COUNTS, real, quota=100, cap=real),
        quota=100,
        topic_ids=dict(zip(COUNTS, (1, 2, 3), strict=True)),
        rounds=[Round(at=1.0, balance=0.5, coverage=0.4)],
    )


def test_rows_by_size_with_quota_and_plan() -> None:
    rows = leaf_rows(report())
    assert [topic for topic, _ in rows] == list(COUNTS)
    assert rows[0][1][0] == "Lost"
    assert rows[1][1][2].text == "40 of 100, 32 planned"
    assert rows[1][1][4].text == "short"
    assert rows[0][1][3].text == ""
    groups = group_rows(report())
    assert [topic for topic, _ in groups] == ["Cards", "Fees"]
    assert groups[0][1][2].text == "190 of 200, 32 planned"
    assert "2 stay short" in footnote(report())


def test_stat_cards_agree_with_the_report() -> None:
    cards = {card.name: card for card in stats(report())}
    assert cards["Coverage"].chip == "1 of 3 full"
    assert cards["Missing"].value == "140"
    assert cards["Uncategorised"].chip == "fine"
    assert CoverageSnapshot(report=report()).facts == "Round 1"


async def _placed(app: Any) -> dict[str, int]:
    ids = {name: (await app.call("add_topic", name=name)).topic_id for name in ("Cards", "Fees")}
    rows = [
        {
            "id": i,
            "topic_id": ids["Fees" if i == 1 else "Cards"],
            "probability": 0.45 if i == 2 else 0.9,
            "fit": 0.8,
            "alternatives": [(ids["Cards"], 0.45), (ids["Fees"], 0.4)],
        }
        for i in range(1, 10)
    ]
    await app.session.store.write("Categorise", records.store_assignments, rows)
    return ids


async def test_figures_are_of_now_and_quota_is_set_by_tool(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10), quota=5) as app:
        panel = await show_panel(app, CoveragePanel)
        assert panel.none.isVisible()
        ids = await _placed(app)
        await until(lambda: panel.work.isVisible() and panel.table.row_count == 2)
        await until(lambda: panel.table.text(0, 1) == "8")
        assert panel.snapshot.report.coverage.leaves.coverage == 0.6
        assert not panel.analyse.isEnabled()  # the records were not categorised by the tool
        panel.offers.quota_asked.emit(1)
        await until(lambda: panel.snapshot.report.quota == 1)
        assert await app.session.store.read(meta.get, "quota") == 1
        await app.call("merge_topics", topic_ids=[ids["Fees"]], into=ids["Cards"])
        await until(lambda: panel.table.row_count == 1)
        assert panel.snapshot.report.coverage.grade == "n/a"


async def test_accepted_moves_land_in_the_thin_topic(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10), quota=5) as app:
        ids = await _placed(app)
        panel = await show_panel(app, CoveragePanel)
        panel.offers.moved.emit([2])
        await until(lambda: panel.table.text(1, 1) == "2")
        counts = await app.session.store.read(topics.counts)
        assert counts[ids["Fees"]] == 2
        assert not panel.errors
