"""A run drawn to scale: which bar is where, of each step, gate and child run. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.statuses import GateStatus, Status
from core.views.executions import ApprovalView, ExecutionView, StepView

WIDTH = 100.0  # percent
NARROWEST = 0.4  # so that what took no time is still to be seen
MOST_TICKS = 6
SPACINGS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 604800)
SHORTEST = timedelta(seconds=1)  # of the whole time, so that a scale has a meaning
GATE = "approval"
RESTS = frozenset({GATE, "wait", "input", "callback"})  # steps that do nothing themselves, but wait


@dataclass(frozen=True)
class Segment:
    """A part of a bar. `kind` says how it looks: a status, `gate`, `rest` for a wait, `queued`; `said`: in words."""

    x: float
    width: float
    kind: str
    said: str


@dataclass(frozen=True)
class Bar:
    """One line of the drawing. `level`: 1 for a child run. `note`: what the bar alone does not show."""

    label: str
    status: Status
    segments: tuple[Segment, ...]
    note: str = ""
    step: str = ""
    child: str = ""
    level: int = 0


@dataclass(frozen=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """`total`: from the request to the end, or to now."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    total: timedelta


def timeline(run: ExecutionView, children: Mapping[str, Sequence[ExecutionView]], now: datetime) -> Timeline:
    """Return the drawing. `children`: the child runs that are shown, by the step that started them."""
    end = run.finished_at or max(now, run.created_at)
    scale = _Scale(run.created_at, max(end, run.created_at + SHORTEST), now)
    gates = [*run.past_approvals, *([run.approval] if run.approval else [])]
    bars = list(_queued(run, scale))
    for step in run.steps:
        bars.append(_of_step(step, [gate for gate in gates if gate.step == step.id], scale))
        bars += [_of_child(child, scale) for child in children.get(step.id, ())]
    return Timeline(tuple(bars), tuple(_ticks(scale)), scale.end - scale.start)


@dataclass(frozen=True)
class _Scale:
    start: datetime
    end: datetime
    now: datetime

    def at(self, moment: datetime) -> float:
        part = (moment - self.start) / (self.end - self.start)
        return round(min(max(part, 0.0), 1.0) * WIDTH, 2)

    def segment(self, start: datetime, end: datetime | None, kind: str, said: str) -> Segment:
        """Return the segment between the two; one without an end goes on."""
        x, until = self.at(start), self.at(end or self.now)
        width = max(until - x, NARROWEST)
        return Segment(min(x, WIDTH - width), round(width, 2), kind, said)


def _queued(run: ExecutionView, scale: _Scale) -> Iterator[Bar]:
    """Yield the time before a worker took the run, if it is long enough to be seen."""
    waited = (run.started_at or scale.now) - run.created_at
    if waited >= SHORTEST:
        segment = scale.segment(run.created_at, run.started_at, "queued", "waiting for a worker")
        yield Bar("Waiting for a worker", Status.PENDING, (segment,))


def _of_step(step: StepView, gates: Sequence[ApprovalView], scale: _Scale) -> Bar:
    segments = tuple(_gates(gates, scale)) if step.type == GATE and gates else tuple(_acts(step, scale))
    return Bar(step.name or step.id, step.status, segments, _note(step, gates), step.id)


def _acts(step: StepView, scale: _Scale) -> Iterator[Segment]:
    if step.started_at is not None and not step.carried_over:
        kind = f"{step.status.value} rest" if step.type in RESTS else step.status.value
        yield scale.segment(step.started_at, step.finished_at, kind, step.status.value)


def _gates(gates: Sequence[ApprovalView], scale: _Scale) -> Iterator[Segment]:
    for gate in sorted(gates, key=lambda each: each.opened_at):
        kind = "gate" if gate.status is GateStatus.OPEN else f"gate {gate.status.value}"
        yield scale.segment(gate.opened_at, gate.closed_at, kind, f"approval: {gate.status.value}")


def _note(step: StepView, gates: Sequence[ApprovalView]) -> str:
    if step.carried_over:
        return "done in the run that this one continues"
    if len(gates) > 1:
        return f"asked {len(gates)} times"
    return f"attempt {step.attempt}" if step.attempt > 1 else ""


def _of_child(child: ExecutionView, scale: _Scale) -> Bar:
    start = child.started_at or child.created_at
    segment = scale.segment(start, child.finished_at, child.status.value, child.status.value)
    return Bar(child.child_name or child.id, child.status, (segment,), child=child.id, level=1)


def _ticks(scale: _Scale) -> Iterator[Tick]:
    """Yield at most MOST_TICKS round times since the start."""
    total = (scale.end - scale.start).total_seconds()
    spacing = next((each for each in SPACINGS if total / each <= MOST_TICKS), total / MOST_TICKS)
    at = 0.0
    while at <= total:
        yield Tick(round(at / total * WIDTH, 2), clock(at))
        at += spacing


def clock(seconds: float) -> str:
    """Return `0:05`, `12:30` or `2:00:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
