"""One run of the user's own generator, from its order to records that wait for the user: called topic by
topic in the sandbox, checked, called again with another seed for what is missing."""

import asyncio
from collections import Counter
from typing import Any

from app.generation.base import Brief, Read
from app.generation.generator import STRATEGY, example_of, read_made, version_of
from app.generation.waves import draw
from app.importing.tokens import TokenEstimate
from app.jobs import Job
from app.sandbox.generator import GeneratorSandbox
from app.store import generated, results
from app.store.database import Tx
from app.tools.base import Context
from app.tools.comparing import Compared, Comparison
from app.tools.coverage import forecast
from app.tools.generation_report import GenerationReport, words
from app.tools.judging import Found, compared, item_of, looked_at, to_keep
from app.tools.orders import Order, brief, seed_ids

EXAMPLES = 5  # training records of the topic that a script is given
ROUNDS = 5  # calls for what is still missing, each with another seed


class GeneratorRun:
    """One run of a script over its order. Nothing is kept before all of it is judged."""

    def __init__(self, ctx: Context, code: str, order: Order) -> None:
        self._ctx, self._code, self._order = ctx, code, order
        folder = ctx.open.folder / "runs" / "generator"
        folder.mkdir(parents=True, exist_ok=True)
        self._comparison = Comparison(ctx, folder)
        self._found: list[Found] = []
        self._compared = Compared()
        self._calls = 0

    async def work(self, job: Job) -> GenerationReport:
        """As a job. Raises InputError with the script's line where it fails."""
        total = self._order.total
        job.progress(0, total, "reading the data")
        await self._comparison.prepare()
        async with GeneratorSandbox() as sandbox:
            await sandbox.check(self._code)
            for number in range(ROUNDS):
                before = sum(self._kept().values())
                await self._round(sandbox, job, number)
                if sum(self._kept().values()) in (before, total):
                    break  # all there, or more calls would bring the same again
        return await self._settle()

    async def _round(self, sandbox: GeneratorSandbox, job: Job, number: int) -> None:
        """Ask for what each topic lacks, and judge all that was returned so far."""
        kept, tokens = self._kept(), TokenEstimate()
        for topic, wanted in self._order.counts.items():
            if (lacking := wanted - kept[topic]) <= 0:
                continue
            asked = await self._ctx.open.store.read(call_of, self._order, topic, lacking)
            seed = self._ctx.settings.seed + 1_000 * self._calls + number
            made = await made_by(sandbox, self._code, asked, seed=seed)
            self._calls += 1
            looked = await asyncio.to_thread(read_looked, asked, made, tokens)
            self._found += [Found(topic, str(self._calls), each) for each in looked]
            done = sum(kept.values())
            job.progress(done, self._order.total, f"{done:,} kept, wrote for {asked.topic}")
        self._found, self._compared = await compared(self._comparison, self._found)

    def _kept(self) -> Counter[int]:
        return Counter(found.topic_id for found in self._found if not found.reason)

    async def _settle(self) -> GenerationReport:
        items, surplus = await asyncio.to_thread(
            to_keep, self._found, self._order.counts, self._item
        )
        names, store = self._order.names, self._ctx.open.store
        kept = Counter(item.topic_id for item in items if item.state == "waiting")
        now, then = await store.read(forecast, kept)
        report = GenerationReport(
            text="",
            strategy=STRATEGY,
            prompt_version=version_of(self._code),
            requested={names[t]: n for t, n in self._order.counts.items()},
            waiting={names[t]: kept[t] for t in self._order.counts if kept[t]},
            refused=dict(Counter(i.reason for i in items if i.reason).most_common()),
            surplus=surplus,
            diversity=self._compared.diversity,
            english=self._compared.english,
            requests=self._calls,
            balance_before=now,
            balance_after=then,
        )
        report = report.model_copy(update={"text": words(report, self._order.note)})
        data = report.model_dump(mode="json") | {"actor": self._ctx.actor, "script": self._code}
        run_id = await store.transaction(_keep, data, items)
        return report.model_copy(update={"run_id": run_id})

    def _item(self, found: Found) -> generated.GeneratedItem:
        origin = {"strategy": STRATEGY, "model": "", "prompt_version": version_of(self._code)}
        return item_of(found, 0, origin)


def _keep(tx: Tx, data: dict[str, Any], items: list[generated.GeneratedItem]) -> int:
    """The run with its script and all it brought, in one transaction."""
    run_id = results.add(tx, "generation", data=data)
    generated.add(tx, [item.model_copy(update={"run_id": run_id}) for item in items])
    return run_id


async def made_by(sandbox: GeneratorSandbox, code: str, asked: Brief, *, seed: int) -> list[Any]:
    """What the script returned for a call; raises InputError with its line where it failed."""
    shown = [example_of(record) for record in asked.seeds]
    return await sandbox.generate(code, asked.topic, count=asked.count, seed=seed, examples=shown)


def call_of(tx: Tx, order: Order, topic_id: int, size: int) -> Brief:
    """A call's topic and count, with training records of the topic, always the same, as examples."""
    ids = draw(seed_ids(tx, topic_id, order), EXAMPLES, f"generator/{topic_id}")
    return brief(tx, order, topic_id, size, ids)


def read_looked(asked: Brief, made: list[Any], tokens: TokenEstimate) -> Read:
    """What a call returned, each looked at alone."""
    return looked_at(read_made(asked, made), tokens)
