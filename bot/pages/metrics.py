"""`/metrics`: figures in Prometheus' text format. Those of the installation are the same in every `web` process.

Those whose names begin with `runbook_web_` are of the process that answers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from bot.pages.cached import Answer, Page, cached
from core.clock import elapsed
from core.services.analytics.tallies import Buckets, value_of
from core.services.operations.monitoring import Figures, figures_of
from core.statuses import ACTIVE, FINAL, WaitingFor
from core.unit_of_work import UnitOfWorkFactory

KEPT = 5.0  # seconds, so that several Prometheus servers cost no more than one
UNREACHABLE = "The database cannot be reached."
STATUSES = sorted(ACTIVE | FINAL)
BOUNDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400)
Family = GaugeMetricFamily | HistogramMetricFamily


@dataclass(frozen=True)
class OfProcess:
    """What this process knows of itself: whether Redis answers it, and its pool of connections to the database."""

    redis_answers: bool
    connections_in_use: int
    connections_at_most: int


def metrics(
    unit_of_work: UnitOfWorkFactory,
    now: Callable[[], float] = elapsed,
    redis_answers: Callable[[], bool] = lambda: True,
) -> Page:
    """Return the page of figures, read at most once in KEPT seconds; 503 without a database."""

    def ask() -> Answer:
        own = process_figures(unit_of_work.engine, is_redis_there=redis_answers())
        try:
            with unit_of_work.begin() as work:
                text = render(figures_of(work), own, work.now)
        except SQLAlchemyError:
            return Answer(f"{UNREACHABLE}\n", 503)
        return Answer(text, media_type=CONTENT_TYPE_LATEST)

    return cached(ask, now, KEPT)


def process_figures(engine: Engine, *, is_redis_there: bool) -> OfProcess:
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return OfProcess(is_redis_there, 0, 0)
    return OfProcess(is_redis_there, pool.checkedout(), pool.size())


class _Once(Collector):
    """Families that were made for this one answer."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def render(figures: Figures, own: OfProcess, now: datetime) -> bytes:
    """Return the figures in the text format."""
    registry = CollectorRegistry()
    registry.register(_Once([*families_of(figures, now), *families_of_process(own)]))
    return generate_latest(registry)


def families_of(figures: Figures, now: datetime) -> Iterator[Family]:
    """Yield every metric of the installation."""
    yield _executions(figures.executions)
    waiting = {what.value: figures.waiting.get(what.value, 0) for what in WaitingFor}
    yield _labelled("runbook_executions_waiting", "Active executions by what they wait for.", "for", waiting)
    for name, words, value in _plain(figures, now):
        yield GaugeMetricFamily(name, words, value=value)
    alive = {each.kind: each.alive for each in figures.processes}
    yield _labelled("runbook_processes_alive", "Processes with a recent sign of life.", "process", alive)
    seen = {each.kind: each.age.total_seconds() for each in figures.processes if each.age is not None}
    words = "Time since the last sign of life; absent without one in a day."
    yield _labelled("runbook_process_seen_seconds", words, "process", seen)
    durations = figures.durations
    words = "How long executions took from start to end, without child runs."
    yield _histogram("runbook_execution_duration_seconds", words, "kind", durations.executions)
    words = "How long steps and actions took, by type, without those of child runs."
    yield _histogram("runbook_step_duration_seconds", words, "type", durations.steps)
    words = "How long gates waited until they were approved."
    yield _histogram("runbook_approval_duration_seconds", words, "", {"": durations.approvals})


def _plain(figures: Figures, now: datetime) -> Iterator[tuple[str, str, float]]:
    """Yield name, description and value of each metric without labels."""
    due, lost, gates, slack = figures.due, figures.lost, figures.gates, figures.undelivered
    yield "runbook_executions_due", "Executions that need a worker now.", due.size
    yield "runbook_oldest_due_seconds", "Age of the longest due of them.", due.age(now)
    yield (
        "runbook_executions_lost",
        "Executions whose worker is lost and that none has taken over.",
        lost.size,
    )
    yield "runbook_executions_held", "Executions that a worker has.", figures.held
    yield (
        "runbook_worker_losses",
        "Times that a worker was lost with an execution, within a day.",
        figures.losses,
    )
    yield "runbook_gates_open", "Approval gates that wait for people.", gates.size
    yield "runbook_oldest_gate_seconds", "Age of the oldest open gate.", gates.age(now)
    yield "runbook_notices_owed", "Undelivered Slack messages, also those that are not due.", figures.owed
    yield "runbook_notices_due", "Slack messages that could be delivered now.", slack.size
    yield "runbook_oldest_notice_seconds", "Age of the longest due of them.", slack.age(now)
    yield "runbook_audit_unsealed", "Audit entries that the clock has not sealed yet.", figures.unsealed
    yield "runbook_ends_uncounted", "Ended executions that the clock has not counted yet.", figures.uncounted
    yield "runbook_database_connections", "Connections to the database server.", figures.connections
    words = "Connections that the database server accepts."
    yield "runbook_database_connections_max", words, figures.most_connections


def families_of_process(own: OfProcess) -> Iterator[Family]:
    """Yield every metric of this process alone."""
    yield GaugeMetricFamily("runbook_web_redis_up", "Whether Redis answers.", value=own.redis_answers)
    words = "Connections to the database that this process uses now."
    yield GaugeMetricFamily("runbook_web_pool_in_use", words, value=own.connections_in_use)
    words = "Connections to the database that this process may keep."
    yield GaugeMetricFamily("runbook_web_pool_size", words, value=own.connections_at_most)


def _executions(counts: Mapping[str, Mapping[str, int]]) -> Family:
    family = GaugeMetricFamily(
        "runbook_executions", "Executions by kind and status.", labels=["kind", "status"]
    )
    for kind, of_kind in counts.items():
        for status in STATUSES:
            family.add_metric([kind, status], of_kind.get(status, 0))
    return family


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> Family:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _histogram(name: str, words: str, label: str, durations: Mapping[str, Buckets]) -> Family:
    family = HistogramMetricFamily(name, words, labels=[label] if label else [])
    for value, buckets in durations.items():
        seconds = sum(value_of(bucket) * count for bucket, count in buckets.items())
        family.add_metric([value] if label else [], list(cumulated(buckets)), sum_value=seconds)
    return family


def cumulated(buckets: Buckets) -> Iterator[tuple[str, float]]:
    """Yield each bound of the histogram with the number of durations up to it."""
    for bound in BOUNDS:
        yield str(float(bound)), sum(count for bucket, count in buckets.items() if value_of(bucket) <= bound)
    yield "+Inf", sum(buckets.values())
