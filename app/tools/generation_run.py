"""One generation from its order to records that wait for the user: asked, checked, asked again for what
is missing, stored. Every finished answer is in the run directory, so a killed run goes on from there."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial

from app.domain.records import preview_of
from app.errors import ToolError
from app.generation.asking import Asking
from app.generation.base import Brief, Candidate
from app.generation.base import strategy as strategy_named
from app.generation.journal import Slot
from app.generation.waves import FIRST_LOOK, ITEMS, MOST_WAVES, barren, next_wave
from app.importing.tokens import TokenEstimate
from app.jobs import Job
from app.llm.address import host_of
from app.store.database import Tx
from app.store.generated import GeneratedItem
from app.tools.base import Context
from app.tools.comparing import Compared, Comparison
from app.tools.coverage import forecast
from app.tools.generation_report import GenerationReport, settle, words
from app.tools.judging import Found, compared, item_of, looked_at, to_keep
from app.tools.model_runs import ModelRun
from app.tools.orders import Order, brief, seed_ids

KEPT = "what came in is kept and not paid again"
AVOIDED = 6  # prompts a request is told not to repeat


class GenerationRun:
    """`order` is what is to be written."""

    def __init__(self, ctx: Context, run: ModelRun, order: Order) -> None:
        self._ctx, self._run, self._order = ctx, run, order
        self._strategy = strategy_named(order.strategy)
        self._store, self._journal = ctx.open.store, run.journal
        self._briefs: dict[str, Brief] = {}
        self._found: list[Found] = []
        self._kept_by_wave: list[Counter[int]] = []
        self._comparison = Comparison(ctx, run.folder, run.id)
        self._compared = Compared()

    async def work(self, job: Job) -> GenerationReport:
        """All of it, as the run's job. A Stop keeps what came in; when it is cut off in another way it
        can be resumed. Raises AppError."""
        job.progress(0, self._order.total, "reading the data")
        await self._comparison.prepare()
        tell = partial(self._tell, job)
        asking = await self._run.asking(job, self._strategy, tell)
        await self._check()
        while not (asking.ended_by or asking.stopping.is_set()):
            slots = self._unanswered() or await self._new_wave()
            if not slots:
                break
            briefs = await self._store.read(self._briefs_of, slots)
            self._briefs |= briefs
            await asking.ask_all(briefs)
            if asking.gone:
                raise ToolError(f"{asking.ended_by} Resume the generation then: {KEPT}.")
            tell("checking what came in")
            await self._check()
        return await self._settle(asking)

    def _tell(self, job: Job, text: str) -> None:
        """Progress in records kept, and in answers toward those that are missing."""
        (done, asked), kept = self._run.answered, sum(self._kept().values())
        toward = 0.95 * (done / asked if asked else 0) * (self._order.total - kept)
        told = self._run.told(text, f"{kept:,} kept")
        job.progress(kept + toward, self._order.total, told)

    def _unanswered(self) -> list[Slot]:
        """What the last wave has no answer to: a run was cut off in it."""
        last = self._journal.waves[-1] if self._journal.waves else []
        return [slot for slot in last if slot.key not in self._journal.answers]

    async def _new_wave(self) -> list[Slot]:
        """Requests for what is missing; none when all is there, or more would be asked in vain."""
        number = len(self._journal.waves)
        missing = {
            topic: n for topic, n in self._missing().items() if n > 0 and not self._is_barren(topic)
        }
        looked = sum(map(len, self._journal.waves)) >= FIRST_LOOK
        if not missing or number >= MOST_WAVES or (looked and not self._kept()):
            return []
        seeds = await self._store.read(self._seeds, missing)
        slots = next_wave(
            number,
            {t: n for t, n in missing.items() if seeds[t]},
            seeds,
            seeds_for={n: self._strategy.seeds_for(n) for n in range(1, ITEMS + 1)},
            avoid=self._recent(),
            run=self._run.id,
        )
        if slots:
            await self._journal.begin_wave(slots)
        return slots

    def _seeds(self, tx: Tx, missing: Mapping[int, int]) -> dict[int, list[int]]:
        return {t: seed_ids(tx, t, self._order) for t in missing}

    def _briefs_of(self, tx: Tx, slots: list[Slot]) -> dict[str, Brief]:
        return {s.key: brief(tx, self._order, s.topic_id, s.count, s.seeds, s.avoid) for s in slots}

    def _missing(self) -> dict[int, int]:
        kept = self._kept()
        return {topic: n - kept[topic] for topic, n in self._order.counts.items()}

    def _is_barren(self, topic: int) -> bool:
        asked = [any(s.topic_id == topic for s in wave) for wave in self._journal.waves]
        return barren(self._kept_by_wave, topic, asked)

    def _kept(self) -> Counter[int]:
        """Records that passed, by topic."""
        return Counter(found.topic_id for found in self._found if not found.reason)

    def _recent(self) -> dict[int, list[str]]:
        """The last prompts kept of each topic."""
        recent: dict[int, list[str]] = {}
        for found in self._found:
            if not found.reason and isinstance(found.wrote, Candidate):
                recent.setdefault(found.topic_id, []).append(preview_of(found.wrote.text))
        return {topic: texts[-AVOIDED:] for topic, texts in recent.items()}

    async def _check(self) -> None:
        """Judge everything that came in so far, in the order it was asked for."""
        slots = [slot for wave in self._journal.waves for slot in wave]
        answered = [slot for slot in slots if slot.key in self._journal.answers]
        if not answered:
            return
        unknown = [slot for slot in answered if slot.key not in self._briefs]
        self._briefs |= await self._store.read(self._briefs_of, unknown)
        found = await asyncio.to_thread(self._read_answers, answered)
        self._found, self._compared = await compared(self._comparison, found)
        waves = [{slot.key for slot in wave} for wave in self._journal.waves]
        self._kept_by_wave = [
            Counter(f.topic_id for f in self._found if f.key in keys and not f.reason)
            for keys in waves
        ]

    def _read_answers(self, slots: list[Slot]) -> list[Found]:
        """What the answers hold, each looked at alone. An answer to seeds that are gone is passed
        over."""
        tokens, found = TokenEstimate(), []
        for slot in slots:
            answer, asked = self._journal.answers[slot.key], self._briefs[slot.key]
            if answer.error or answer.seeds != tuple(seed.id for seed in asked.seeds):
                continue
            wrote = looked_at(self._strategy.read(asked, answer.text), tokens)
            found += [Found(slot.topic_id, slot.key, each) for each in wrote]
        return found

    async def _settle(self, asking: Asking) -> GenerationReport:
        """Store what came in and how it went, whole."""
        items, surplus = await asyncio.to_thread(
            to_keep, self._found, self._order.counts, self._item
        )
        state = "failed" if asking.failed else "completed"
        if asking.stopping.is_set() or (asking.ended_by and not asking.failed):
            state = "stopped"
        kept = Counter(item.topic_id for item in items if item.state == "waiting")
        now, then = await self._store.read(forecast, kept)
        names, connection = self._order.names, self._run.connection
        report = GenerationReport(
            run_id=self._run.id,
            state=state,
            text="",
            strategy=self._order.strategy,
            model=self._journal.model or connection.model,
            host=host_of(connection.base_url),
            prompt_version=self._strategy.prompt_version,
            requested={names[t]: n for t, n in self._order.counts.items()},
            waiting={names[t]: kept[t] for t in self._order.counts if kept[t]},
            refused=dict(Counter(i.reason for i in items if i.reason).most_common()),
            surplus=surplus,
            diversity=self._compared.diversity,
            english=self._compared.english,
            requests=len(self._journal.answers),
            broken=self._journal.errors,
            balance_before=now,
            balance_after=then,
            error=asking.ended_by,
            **self._run.spent,
        )
        report = report.model_copy(update={"text": words(report, self._order.note)})
        data = report.model_dump(mode="json") | {"actor": self._ctx.actor}
        await self._store.transaction(settle, self._run.id, data, items, self._order.replaces)
        return report

    def _item(self, found: Found) -> GeneratedItem:
        origin = {
            "strategy": self._order.strategy,
            "model": self._journal.answers[found.key].model or self._run.connection.model,
            "prompt_version": self._strategy.prompt_version,
        }
        return item_of(found, self._run.id, origin)
