"""Proves that this program is whole, above all when frozen: every role does real work, offline.

Uses a folder of its own, never the user's. Loads neither Qt nor torch itself: those run in the
window's and the workers' own processes, as they do in use.
"""

import asyncio
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson
from backports import zstd

import app.tools
from app import paths
from app.cli import checks
from app.cli.checks import examine
from app.cli.output import emit
from app.domain.sensitive import KINDS, kinds_of
from app.embedding.encoder import Encoder
from app.embedding.files import encoder_folder
from app.errors import AppError
from app.generation.base import strategies
from app.grading.base import graders
from app.importing.formats.jsonl import Block
from app.importing.parsers import Parsers
from app.importing.sensitive import Scanner
from app.llm.clients import Clients
from app.llm.connections import Connection, Connections, keeps_keys
from app.registry import load_family
from app.serving.client import chat
from app.serving.endpoint import Endpoint
from app.tools.base import TOOLS
from app.wiring import App
from app.workers import TASKS, run_worker

# The assistant's tools by the names others script against; the families' members likewise.
TOOL_NAMES = [
    "start_finetune_workflow",
    "get_workflow_status",
    "advance_to_step",
    "rollback_to_step",
    "validate_records",
    "generate_topics",
    "apply_topic_hierarchy",
    "categorize_records",
    "analyze_coverage",
    "generate_synthetic_data",
    "configure_grader",
    "test_grader_sample",
    "run_dry_run",
    "start_training",
    "check_training_status",
    "deploy_model",
    "get_dataset_records",
    "get_dataset_stats",
    "update_record",
]
GRADERS = {"string_check", "text_similarity", "numeric", "json_schema", "script", "multi"}
STRATEGIES = {
    "message_variation",
    "few_shot",
    "topic_description",
    "scenario_expansion",
    "tool_chain",
}
ROWS, STEPS = 60, 3  # just over the least a starter learns from


def main() -> int:
    """Run all parts in order; one JSON line each on stdout; returns 0 when none failed, else 1."""
    return asyncio.run(_run())


async def _run() -> int:
    with tempfile.TemporaryDirectory(prefix="rft-selftest-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        parts = {
            "registry": registry,
            "window": checks.window,
            "encoder": encoder,
            "sandbox": checks.sandbox,
            "import": lambda: import_(folder),
            "files": lambda: files(folder),
            "parser": parser,
            "scan": scan,
            "starter": lambda: starter(folder),
            "endpoint": lambda: endpoint(folder),
            "keychain": keychain,
        }
        healthy = True
        for part, probe in parts.items():
            start = time.monotonic()
            check = await examine(part, probe)
            healthy = healthy and check.state != "failed"
            emit({**check.model_dump(), "seconds": round(time.monotonic() - start, 1)})
    sys.stderr.write("selftest passed\n" if healthy else "selftest FAILED\n")
    return 0 if healthy else 1


async def registry() -> str:
    """Every tool, grader, strategy and worker task is in the program."""
    load_family(app.tools)
    known = {
        "tool": set(TOOLS),
        "grader": set(graders()),
        "strategy": {s.name for s in strategies()},
    }
    wanted = {"tool": set(TOOL_NAMES), "grader": GRADERS, "strategy": STRATEGIES}
    missing = [f"{kind} {name}" for kind in wanted for name in sorted(wanted[kind] - known[kind])]
    missing += [f"task {t}" for t, module in TASKS.items() if not importlib.util.find_spec(module)]
    if missing:
        raise AppError(f"Missing in this program: {', '.join(missing)}.")
    counts = ", ".join(f"{len(names)} {kind}s" for kind, names in known.items())
    return f"Complete: {counts}, {len(TASKS)} tasks.".replace("strategys", "strategies")


async def encoder() -> str:
    """Like sentences are nearer to each other than unlike ones."""
    texts = ["I lost my card", "my bank card is gone", "what is the weather tomorrow"]
    model = await asyncio.to_thread(Encoder, encoder_folder())
    vectors = await asyncio.to_thread(model.encode, texts)
    like, unlike = float(np.dot(vectors[0], vectors[1])), float(np.dot(vectors[0], vectors[2]))
    if not like > unlike + 0.2:
        raise AppError(f"The encoder finds no meaning: {like:.2f} against {unlike:.2f}.")
    return f"The encoder tells like ({like:.2f}) from unlike ({unlike:.2f})."


async def import_(folder: Path) -> str:
    """The sample is imported whole by the import worker, and opens."""
    studio = await App.start(folder / "home")
    try:
        session = await studio.open_sample()
        info = await studio.library.get(session.dataset_id)
    finally:
        await studio.close()
    lines = sum(1 for _ in paths.resource("resources/samples/support_tickets.jsonl").open("rb"))
    if info.records != lines:
        raise AppError(f"The sample has {lines} records, {info.records} were imported.")
    return f"The sample opens: {info.records:,} records, {info.invalid} invalid."


async def files(folder: Path) -> str:
    """The sample goes out as Parquet and as packed lines, and comes back whole from both."""
    studio = await App.start(folder / "home")
    try:
        session = await studio.open_sample()
        wanted = (await studio.library.get(session.dataset_id)).records
        parquet, lines = folder / "sample.parquet", folder / "sample.jsonl"
        for file in (parquet, lines):
            kind = "parquet" if file is parquet else "chat"
            await studio.call("export_records", file=str(file), format=kind)
        packed = lines.with_suffix(".jsonl.zst")
        packed.write_bytes(zstd.compress(lines.read_bytes()))
        read = [(await studio.import_file(file)).records for file in (parquet, packed)]
    finally:
        await studio.close()
    if read != [wanted, wanted]:
        raise AppError(f"Of {wanted} records came back {read[0]} by Parquet, {read[1]} by zstd.")
    return f"{wanted:,} records come back from Parquet and from zstd."


async def parser() -> str:
    """The child that parses beside a large import answers."""
    data = paths.resource("resources/samples/support_tickets.jsonl").read_bytes()
    children = Parsers(1, (len(data), len(data) // 4))
    try:
        parsed = await asyncio.to_thread(children.submit(Block(1, len(data), data)).result)
    finally:
        await asyncio.to_thread(children.close)
    lines = data.count(b"\n")
    if len(parsed.records) != lines or parsed.rejected:
        raise AppError(f"The parser read {len(parsed.records)} of {lines} lines.")
    return f"A child parsed {len(parsed.records):,} lines."


async def scan() -> str:
    """The detectors of personal data and secrets are whole: some read files of countries."""
    text = "jane@example.org, 020 7946 0958, DE89 3704 0044 0532 0130 00, AKIAIOSFODNN7EXAMPLE"
    found = await asyncio.to_thread(lambda: kinds_of(Scanner("GB").kinds(text)))
    if found != ["email", "phone", "iban", "api-key"]:
        raise AppError(f"The scan for personal data finds only {', '.join(found) or 'nothing'}.")
    return f"The scan tells {len(KINDS)} kinds of personal data and secrets."


async def starter(folder: Path) -> str:
    """A starter model learns from rows for a few steps, in the worker role with torch."""
    rows = [
        {
            "messages": [{"role": "user", "content": f"what is {n} and {n % 7}"}],
            "target": str(n + n % 7),
        }
        for n in range(ROWS)
    ]
    file = folder / "rows.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    config = {"records": str(file), "out": str(folder / "model"), "preset": "fast", "steps": STEPS}
    result = await run_worker("starter", folder / "starter", config)
    return f"A starter of {result['parameters']:,} parameters took {result['steps']} steps."


async def endpoint(folder: Path) -> str:
    """The model just made answers over HTTP on 127.0.0.1, also to the client of connected models."""
    models = [{"id": "selftest", "path": str(folder / "model")}]
    running = await Endpoint.start(folder / "serve", models, port=0)
    try:
        question = [{"role": "user", "content": "what is 3 and 3"}]
        reply = await chat(running.url, running.key, "selftest", question, max_tokens=8)
        listed = await connected(folder, running)
    finally:
        await running.stop()
    if listed != ["selftest"]:
        raise AppError(f"A connected endpoint lists {listed} in place of its one model.")
    return f"The endpoint {running.url} answered {reply.tokens} tokens in {reply.seconds:.2f} s."


async def connected(folder: Path, running: Endpoint) -> list[str]:
    """What the local endpoint lists, asked as any connected endpoint is."""
    endpoint = Connection(id="selftest", name="Selftest", base_url=running.url)
    clients = Clients(Connections(folder, {}))
    client = await clients.try_out(endpoint, running.key)
    try:
        return await client.models()
    finally:
        await client.close()


async def keychain() -> str:
    """The keychain's package is whole; whether this system has one is no fault."""
    keeps = await asyncio.to_thread(keeps_keys)
    where = "in the system's keychain" if keeps else "for the session: this system has no keychain"
    return f"Keys are kept {where}."
