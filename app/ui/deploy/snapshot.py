"""What the deployment panel shows: the newest report, the deployed model, its endpoint."""

import asyncio
from dataclasses import dataclass
from typing import Any

from app.serving.endpoint import Endpoint, EndpointStats
from app.store import results
from app.store.database import Tx
from app.tools.report import Report


@dataclass(frozen=True)
class Service:
    """A running endpoint; `url` ends in /v1."""

    url: str
    key: str
    stats: EndpointStats


@dataclass(frozen=True)
class DeploySnapshot:
    """`model_id` is empty before anything is deployed; `service` is None while nothing is served.

    `regraded` is what the export proved when it was loaded and graded again."""

    missing: tuple[str, ...] = ()
    report: Report | None = None
    model_id: str = ""
    path: str = ""
    regraded: dict[str, Any] | None = None
    outdated: str = ""
    service: Service | None = None

    @property
    def facts(self) -> str:
        """`bank-router-v1, exported and graded again: 0.79 on 50 prompts`."""
        if not self.model_id:
            return "Use the tuned model on this computer, or take it elsewhere."
        return f"{self.model_id}, {regraded_words(self.regraded)}"


def regraded_words(found: dict[str, Any] | None) -> str:
    """What the loaded export earned, or that it was not graded."""
    if not found or found.get("mean") is None:
        return "exported, not graded again"
    low, high = found.get("low"), found.get("high")
    ends = f" ({low:.2f} to {high:.2f})" if low is not None and high is not None else ""
    return f"exported and graded again: {found['mean']:.2f}{ends} on {found['n']} prompts"


async def read_snapshot(session: Any) -> DeploySnapshot:
    """Raises StoreError."""
    step = (await session.workflow())["deployment"]
    outdated = step.reason if step.status == "stale" else ""
    missing = tuple(await session.missing_for("deployment"))
    service = await asyncio.to_thread(_service, session)
    found: DeploySnapshot = await session.store.read(_read, missing, outdated, service)
    return found


def _service(session: Any) -> Service | None:
    endpoint: Endpoint | None = session.endpoint()
    return None if endpoint is None else Service(endpoint.url, endpoint.key, endpoint.stats())


def _read(
    tx: Tx, missing: tuple[str, ...], outdated: str, service: Service | None
) -> DeploySnapshot:
    training = results.latest(tx, "training")
    report = training.data.get("report") if training else None
    deployed = results.latest(tx, "deployment")
    data = deployed.data if deployed else {}
    return DeploySnapshot(
        missing=missing,
        report=Report.model_validate(report) if report else None,
        model_id=data.get("model_id", ""),
        path=data.get("path", ""),
        regraded=data.get("regraded"),
        outdated=outdated,
        service=service if deployed else None,
    )
