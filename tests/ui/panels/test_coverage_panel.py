"""The coverage panel: figures of now, rounds, and the offers that need no model."""

import asyncio
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.coverage import analyse
from app.domain.planning import plan
from app.domain.topic_signals import TopicSignal
from app.store import meta, records, results, topics
from app.tools.coverage import CoverageReport, Round, measure
from app.tools.plan_cost import PlanCost
from app.ui.coverage.plan_card import cost_words, plan_words, short_words
from app.ui.coverage.rows import levels_of, short_names
from app.ui.coverage.snapshot import CoverageSnapshot, balance_words, stats
from app.ui.coverage.table import LEARNS, PLAN, QUOTA, RECORDS, SHARE, STATE, TopicTable
from app.ui.coverage_panel import CoveragePanel
from tests.ui.conftest import drawn

COUNTS = {"Cards › Lost": 150, "Cards › Stolen": 40, "Fees": 20}
PARENTS = {"Cards › Lost": "Cards", "Cards › Stolen": "Cards", "Fees": "Fees"}


def report(**quotas: int) -> CoverageReport:
    found = analyse(COUNTS, groups=[PARENTS], quota=100, quotas=quotas, uncategorised=5)
    real = {topic: n * 8 // 10 for topic, n in COUNTS.items()}
    return CoverageReport(
        coverage=found,
        plan=plan(COUNTS, real, quota=100, quotas=quotas, cap=real),
        quota=100,
        topic_ids=dict(zip(COUNTS, (1, 2, 3), strict=True)),
        group_ids={"Cards": 9},
        rounds=[Round(at=1.0, balance=0.5, coverage=0.4)],
    )


def test_rows_by_size_with_quota_share_and_plan() -> None:
    leaves, groups = levels_of(report(), {2: TopicSignal(prompts=12)})
    assert [row.name for row in leaves.rows] == ["Lost", "Stolen", "Fees"]
    stolen = leaves.rows[1]
    assert (stolen.records, stolen.quota, stolen.add, stolen.short) == (40, 100, 32, 28)
    assert stolen.chip == "short"
    assert stolen.signal_words == "n too small (12)"
    assert stolen.after == 72 / 258  # 150, 72 and 36 records then
    assert sum(row.after for row in leaves.rows) == 1.0
    assert [row.topic for row in groups.rows] == ["Cards", "Fees"]
    cards = groups.rows[0]
    assert (cards.id, cards.records, cards.quota, cards.add) == (9, 190, 200, 32)
    assert cards.after == leaves.rows[0].after + stolen.after


def test_one_record_is_said_as_one() -> None:
    (leaves, *_) = levels_of(
        CoverageReport(
            coverage=analyse({"A": 1}, quota=1),
            plan=plan({"A": 1}, {"A": 1}, quota=1),
            quota=1,
            topic_ids={"A": 1},
        )
    )
    row = leaves.rows[0]
    assert row.words.startswith("A: 1 of 1 record, ")
    assert replace(row, quota=0).words.startswith("A: 1 record, no quota, ")


def test_a_topic_is_named_as_shortly_as_can_be() -> None:
    names = short_names(["A › Open › web", "A › Shut › web", "B › Open › web", "C"])
    assert names == {
        "A › Open › web": "A › Open › web",
        "A › Shut › web": "Shut › web",
        "B › Open › web": "B › Open › web",
        "C": "C",
    }


def test_stat_cards_agree_with_the_report_and_define_themselves() -> None:
    cards = {card.name: card for card in stats(report(Fees=20))}
    assert cards["Coverage"].chip == "2 of 3 full"
    planned = report(Fees=20).plan
    assert cards["Missing"].value == str(planned.total + planned.short)
    assert cards["Missing"].note == f"{planned.total} planned, 28 short"
    assert cards["Uncategorised"].chip == "fine"
    assert "effective topics" in cards["Balance"].about
    assert "normalised entropy" in balance_words(report())
    assert CoverageSnapshot(report=report()).facts == "Round 1"


def test_the_plan_in_words_is_exact() -> None:
    found = report().plan
    assert plan_words(found) == (
        "Add 48 records to 2 topics: 32 Stolen and 16 Fees. "
        f"Balance {found.balance_before:.2f} to {found.balance_after:.2f}, coverage 0.53 to 0.69."
    )
    assert short_words(found).startswith("After it 92 records still lack in 2 topics")
    assert "lower the quota to 36" in short_words(found)
    one = plan({"a": 9, "b": 3}, {"a": 9, "b": 9}, quota=5)
    assert plan_words(one).startswith("Add 2 records to b. Balance 0.75 to ")
    full = plan({"a": 9, "b": 9}, {"a": 9, "b": 9}, quota=5)
    assert plan_words(full).startswith("Nothing to add")
    assert short_words(full) == ""
    bare = plan({"a": 9, "b": 0}, {"a": 9, "b": 0}, quota=5)
    assert plan_words(bare).startswith("Nothing can be added")
    cost = PlanCost(model="Demo", strategy="few-shot", records=48, tokens=3100, cost=0.125)
    assert cost_words(cost) == "Demo, few-shot: about 3,100 tokens, about 0.12, for 48 records."
    assert cost_words(None) == ""


def test_the_table_sorts_narrows_and_keeps_its_topic(qtbot: Any, themed: Any) -> None:
    table = TopicTable()
    qtbot.addWidget(table)
    opened: list[int] = []
    table.topic_opened.connect(opened.append)
    rows = levels_of(report())[0].rows
    table.show_topics(rows)

    def shown() -> list[str]:
        return [row.name for row in table.topics.rows]

    assert table.isColumnHidden(LEARNS)
    assert not table.isColumnHidden(PLAN)
    assert table.text(1, QUOTA) == "40 of 100, 32 planned"
    assert table.text(1, STATE) == "short"
    assert table.text(1, SHARE) == "19 % of all, target 33 %, 28 % after the plan"
    header = table.horizontalHeader()
    header.sectionClicked.emit(RECORDS)
    assert shown() == ["Fees", "Stolen", "Lost"]
    assert table.topics.headerData(RECORDS, Qt.Orientation.Horizontal) == "Records ↑"
    header.sectionClicked.emit(0)
    assert shown() == ["Lost", "Stolen", "Fees"]
    table.selectRow(1)
    table.show_topics(rows)
    assert table.topics.rows[table.currentIndex().row()].name == "Stolen"
    table.topics.narrow(thin=True)
    assert shown() == ["Stolen", "Fees"]
    table.topics.narrow(words="STOL")
    assert shown() == ["Stolen"]
    table.selectRow(0)
    QTest.keyClick(table, Qt.Key.Key_Return)
    table.clicked.emit(table.topics.index(0, QUOTA))
    table.clicked.emit(table.topics.index(0, RECORDS))
    assert opened == [2, 2]


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
        await until(lambda: panel.work.isVisible() and panel.topics.table.row_count == 2)
        await until(lambda: panel.topics.table.text(0, 1) == "8")
        assert panel.snapshot.report.coverage.leaves.coverage == 0.6
        assert not panel.analyse.isEnabled()  # the records were not categorised by the tool
        panel.offers.quota_asked.emit(1)
        await until(lambda: panel.snapshot.report.quota == 1)
        assert await app.session.store.read(meta.get, "quota") == 1
        await app.call("merge_topics", topic_ids=[ids["Fees"]], into=ids["Cards"])
        await until(lambda: panel.topics.table.row_count == 1)
        assert panel.snapshot.report.coverage.grade == "n/a"


async def test_a_refresh_is_drawn_in_several_turns_of_the_loop(
    open_app: Any, show_panel: Any, make_rows: Any, monkeypatch: Any
) -> None:
    """All of it in one takes 55 ms with a review of 200 records open, and the window stands still."""
    async with open_app(make_rows(10), quota=5) as app:
        await _placed(app)
        panel = await show_panel(app, CoveragePanel)
        turn, turns = 0, dict[str, int]()
        loop = asyncio.get_running_loop()

        def count() -> None:
            nonlocal turn, handle
            turn, handle = turn + 1, loop.call_soon(count)

        def note(name: str, card: Any, method: str) -> None:
            draw = getattr(card, method)

            def noted(*given: Any) -> None:
                turns[name] = turn
                draw(*given)

            monkeypatch.setattr(card, method, noted)

        note("topics", panel.topics, "show_topics")
        note("plan", panel.plan, "show_plan")
        note("offers", panel.offers, "show_offer")
        note("review", panel.review, "show_review")
        handle = loop.call_soon(count)
        await panel.refresh()
        handle.cancel()
        assert list(turns) == ["topics", "plan", "offers", "review"]
        assert len({*turns.values()}) == 4


async def test_accepted_moves_land_in_the_thin_topic(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10), quota=5) as app:
        ids = await _placed(app)
        panel = await show_panel(app, CoveragePanel)
        panel.offers.moved.emit([2])
        await until(lambda: panel.topics.table.text(1, 1) == "2")
        counts = await app.session.store.read(topics.counts)
        assert counts[ids["Fees"]] == 2
        assert not panel.errors


async def test_a_bar_and_a_cell_of_the_map_lead_to_their_records(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10), quota=5) as app:
        ids = await _placed(app)
        panel = await show_panel(app, CoveragePanel)
        await until(lambda: panel.topics.table.row_count == 2)
        panel.topics.thin.click()
        assert panel.topics.foot.text().startswith("1 of 2 shown.")
        panel.topics.search.setText("nothing like it")
        assert panel.topics.foot.text().startswith("0 of 2 shown.")
        panel.topics.search.clear()
        panel.topics.thin.click()
        asked: list[tuple[str, dict[str, Any]]] = []
        panel.go.connect(lambda name, target: asked.append((name, target)))
        table = panel.topics.table
        table.clicked.emit(table.topics.index(0, SHARE))
        panel.topics.views.select(1)
        panel.topics.views.chosen.emit(1)
        await drawn()
        chart = panel.topics.map
        assert chart.isVisible()
        place = next(cell.box for cell in chart.cells if cell.key == ids["Fees"])
        spot = chart.rect().topLeft()
        spot.setX(int(place.x + place.width / 2))
        spot.setY(int(place.y + place.height / 2))
        QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=spot)
        chart.setFocus()
        QTest.keyClick(chart, Qt.Key.Key_Home)
        assert "8 of 5 records" in chart.accessibleDescription()
        QTest.keyClick(chart, Qt.Key.Key_Return)
        cards, fees = ("records", {"topic": ids["Cards"]}), ("records", {"topic": ids["Fees"]})
        assert asked == [cards, fees, cards]


async def test_rounds_are_drawn_with_what_was_done_between(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10), quota=5) as app:
        await _placed(app)
        panel = await show_panel(app, CoveragePanel)
        assert not panel.rounds.isVisible()
        for quota in (4, 2):
            await app.call("set_quota", quota=quota)
            found = await app.session.store.read(measure, app.context())
            data = found.model_dump(mode="json", exclude={"rounds"})
            inputs = (await app.session.expected("coverage_generation")).model_dump_json()
            await app.session.store.transaction(
                results.add, "coverage", fingerprint=inputs, data=data
            )
        await until(lambda: len(panel.rounds.chart.rounds) == 2 and panel.rounds.isVisible())
        assert panel.rounds.words.text().endswith("Before it: Quota 2.")
        QTest.keyClick(panel.rounds.chart, Qt.Key.Key_Left)
        assert panel.rounds.words.text().startswith("Round 1")
        assert "Add topic “Cards”" in panel.rounds.words.text()
        assert panel.rounds.chart.accessibleDescription() == panel.rounds.words.text()
