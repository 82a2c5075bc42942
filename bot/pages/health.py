"""`/healthz`: this process answers. `/readyz`: it could do its work. `/metrics`: how much there is."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.pages.cached import Answer, Page, cached
from core.clock import elapsed
from core.decisions.installation import Schema
from core.decisions.signs import WITHOUT_REDIS
from core.errors import Unavailable
from core.services.operations.health import Figures, check_fits, count_everything, present_processes
from core.statuses import ACTIVE, FINAL
from core.unit_of_work import UnitOfWorkFactory

Answers = Callable[[], bool]
Elapsed = Callable[[], float]
UNREACHABLE = "The database cannot be reached."
STATUSES = sorted(ACTIVE | FINAL)


async def healthz(_request: Request) -> Response:
    """Async, so that it answers even when all threads are busy."""
    return PlainTextResponse("ok\n")


def readyz(
    unit_of_work: UnitOfWorkFactory,
    newest_revision: str | None,
    redis_answers: Answers = lambda: True,
    now: Elapsed = elapsed,
) -> Page:
    """The page that answers 503, with a sentence that says why, while requests had better go elsewhere.

    A 200 tells of what else the service needs, and what it costs where that is away: no other instance of `web` could
    do better without it, so people are still served. An answer is kept for a second.
    """

    def ask() -> Answer:
        try:
            schema = check_ready(unit_of_work, newest_revision)
            with unit_of_work.begin() as work:
                present = [str(each) for each in present_processes(work)]
        except Unavailable as error:
            return Answer(f"{error}\n", 503)
        except SQLAlchemyError:
            return Answer(f"{UNREACHABLE}\n", 503)
        redis = "answers" if redis_answers() else f"away: {WITHOUT_REDIS}"
        lines = ["ready", f"database: at migration {schema.revision}", f"redis: {redis}", *present]
        return Answer("\n".join(lines) + "\n")

    return cached(ask, now)


def check_ready(unit_of_work: UnitOfWorkFactory, newest_revision: str | None) -> Schema:
    """Raises Unavailable unless the database is reachable, takes writes, and has a schema that fits this release."""
    try:
        with unit_of_work.begin() as work:
            return check_fits(work, newest_revision or "")
    except SQLAlchemyError as error:
        raise Unavailable(UNREACHABLE, hint="DATABASE_URL says where it is.") from error


def metrics(unit_of_work: UnitOfWorkFactory, now: Elapsed = elapsed) -> Page:
    """The page of figures in Prometheus' text format, counted once a second at most; 503 where they cannot be."""

    def ask() -> Answer:
        try:
            with unit_of_work.begin() as work:
                return Answer(
                    render_figures(count_everything(work), work.now), media_type=CONTENT_TYPE_LATEST
                )
        except SQLAlchemyError:
            return Answer(f"{UNREACHABLE}\n", 503)

    return cached(ask, now)


def render_figures(figures: Figures, now: datetime) -> bytes:
    registry = CollectorRegistry()
    executions = Gauge(
        "runbook_executions", "Executions by kind and status.", ["kind", "status"], registry=registry
    )
    for kind, counts in (("runbook", figures.runbook_executions), ("workflow", figures.workflow_executions)):
        for status in STATUSES:
            executions.labels(kind, status).set(counts.get(status, 0))
    owed = Gauge("runbook_notices_owed", "Slack messages that are owed.", registry=registry)
    owed.set(figures.notices_owed)
    oldest = Gauge(
        "runbook_oldest_due_seconds",
        "How long the execution that has waited longest for a worker waits.",
        registry=registry,
    )
    oldest.set((now - figures.due_since).total_seconds() if figures.due_since else 0)
    return generate_latest(registry)
