"""Measure one run with a thousand child runs: memory of worker and web, its card, and the pages of its children."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from bench.definitions import PERSON, TEAM
from bench.place import Place
from bench.processes import await_workers, running_web, worker_processes
from bench.report import Line, Section, milliseconds, summarize
from bot.cards.headline import headline
from cli.apply import apply_text
from cli.operator import OPERATOR
from core.errors import Unavailable
from core.services.access.people import load_person
from core.services.access.tokens import ALL_SCOPES, create_token
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.services.views.reading import view_execution
from core.tables import Incident, RunbookExecution
from core.unit_of_work import JobRequest
from core.views.executions import ExecutionView

RUNBOOK = "many-children"
LOOK_SECONDS = 0.5
PATIENCE = 900.0
CALL = {"type": "http", "url": "{{ secrets.TARGET }}/fast?item={{ item }}"}
DEFINITION = {
    "kind": "runbook",
    "name": RUNBOOK,
    "team": TEAM,
    "parameters": {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": {"type": "string"}}},
    },
    "steps": [
        {
            "id": "each",
            "type": "runbook",
            "foreach": "params.items",
            "concurrency": 20,
            "steps": [{"id": "before", **CALL}, {"id": "after", **CALL}],
        }
    ],
}
Memory = Mapping[str, float]  # megabytes of resident memory by process


def measure_children(place: Place, *, children: int) -> Section:
    """Run `children` child runs of two calls each, twenty at once, with two workers."""
    apply_text(place.composition.unit_of_work, json.dumps(DEFINITION), "bench.yaml", approve=True)
    with running_web(place) as web, worker_processes(place, 2) as workers:
        await_workers(place, 2)
        pids = {"worker": workers.process("worker-1").pid, "web": web.process("web").pid}
        before, began = _resident(pids), time.monotonic()
        run = _start(place, children)
        peak = _peak_until_its_end(place, run, pids)
        seconds = time.monotonic() - began
        pages = milliseconds(_read_pages(place, run))
        after = _resident(pids)
    view = _view(place, run)
    card = headline(view, now=datetime.now(UTC))
    lines = [
        Line(f"{children} children of two calls", None, f"{view.status.value} in {seconds:.0f} s"),
        *(Line(f"memory of {name}", None, _told(before, peak, after, name)) for name in pids),
        Line("the parent's card", None, f"{len(card.blocks)} blocks, {len(json.dumps(card.blocks))} bytes"),
        Line("GET …/children, 100 at a time", summarize(pages)),
    ]
    return Section("One run with many child runs", lines)


def _told(before: Memory, peak: Memory, after: Memory, name: str) -> str:
    return f"{before[name]:.0f} MB before, {peak[name]:.0f} at most, {after[name]:.0f} after"


def _start(place: Place, children: int) -> str:
    with place.unit_of_work.begin() as work:
        person = load_person(work, PERSON, source="bench")
        incident = work.session.get_one(Incident, place.incident_id)
        items = [f"host-{number}" for number in range(1, children + 1)]
        start = Start(find_runbook(work, person, RUNBOOK), incident, {"items": [*items]})
        run = start_by_person(work, person, start).id
    place.composition.unit_of_work.job_queue.enqueue([JobRequest("runbook", run)])
    return run


def _view(place: Place, run: str) -> ExecutionView:
    with place.unit_of_work.begin() as work:
        return view_execution(work, work.session.get_one(RunbookExecution, run))


def _peak_until_its_end(place: Place, run: str, pids: Mapping[str, int]) -> Memory:
    """Return the largest memory of each process until the run has ended."""
    peak, deadline = _resident(pids), time.monotonic() + PATIENCE
    while not _view(place, run).status.is_final:
        if time.monotonic() > deadline:
            raise Unavailable(f"The run did not end within {PATIENCE:g} s.")
        time.sleep(LOOK_SECONDS)
        peak = {name: max(now, peak[name]) for name, now in _resident(pids).items()}
    return peak


def _resident(pids: Mapping[str, int]) -> Memory:
    """Return the resident memory of these processes (proc(5), VmRSS), in megabytes."""
    found = {}
    for name, pid in pids.items():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        [resident] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
        found[name] = int(resident) / 1024
    return found


def _read_pages(place: Place, run: str) -> list[float]:
    """Return how many seconds each page of the children took."""
    with place.unit_of_work.begin() as work:
        token = create_token(work, OPERATOR, PERSON, "bench", scopes=ALL_SCOPES)
    origin = f"http://127.0.0.1:{place.environment['PORT']}"
    address, cursor = f"{origin}/api/runbooks/executions/{run}/children", None
    times: list[float] = []
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        while not times or cursor is not None:
            began = time.monotonic()
            query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
            cursor = client.get(address, params=query).raise_for_status().json()["next_cursor"]
            times.append(time.monotonic() - began)
    return times
