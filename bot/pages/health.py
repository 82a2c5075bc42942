"""`/healthz`: this process answers. `/readyz`: it could do its work. `/metrics`: how much there is."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.decisions.schema import Schema
from core.decisions.signs import WITHOUT_REDIS
from core.errors import Unavailable
from core.service import Service
from core.services.health import Figures, check_fits, count_everything
from core.services.signs import present_processes
from core.statuses import ACTIVE, FINAL

Page = Callable[[Request], Response]
Answers = Callable[[], bool]
STATUSES = sorted(ACTIVE | FINAL)


async def healthz(_request: Request) -> Response:
    """Async, so that it answers even when all threads are busy."""
    return PlainTextResponse("ok\n")


def readyz(service: Service, newest_revision: str | None, redis_answers: Answers = lambda: True) -> Page:
    """The page that answers 503, with a sentence that says why, while requests had better go elsewhere.

    A 200 tells of what else the service needs, and what it costs where that is away: no other instance of `web` could
    do better without it, so people are still served.
    """

    def answer(_request: Request) -> Response:
        try:
            schema = check_ready(service, newest_revision)
        except Unavailable as error:
            return PlainTextResponse(f"{error}\n", 503)
        with service.transaction() as work:
            present = [str(each) for each in present_processes(work)]
        redis = "answers" if redis_answers() else f"away: {WITHOUT_REDIS}"
        lines = ["ready", f"database: at migration {schema.revision}", f"redis: {redis}", *present]
        return PlainTextResponse("\n".join(lines) + "\n")

    return answer


def check_ready(service: Service, newest_revision: str | None) -> Schema:
    """Raises Unavailable unless the database is reachable, takes writes, and has a schema that fits this release."""
    try:
        with service.transaction() as work:
            return check_fits(work, newest_revision or "")
    except SQLAlchemyError as error:
        raise Unavailable("The database cannot be reached.", hint="DATABASE_URL says where it is.") from error


def metrics(service: Service) -> Page:
    """The page of figures in Prometheus' text format, counted when asked."""

    def answer(_request: Request) -> Response:
        with service.transaction() as work:
            text = render_figures(count_everything(work), work.now)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return answer


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
