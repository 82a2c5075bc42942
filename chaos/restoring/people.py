"""Simulated people during restores: they approve gates, and give true verdicts after looking at the target."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from chaos.restoring.definitions import ADMIN, APPROVER, OPS
from core.services.access.people import load_person
from core.services.executions.kinds import KINDS, AnyExecution, Kind
from core.services.freezes.declaring import unfreeze
from core.services.freezes.in_force import freezes_in_force
from core.services.operations.monitoring import count_undelivered
from core.services.runs.approvals import decide_gate
from core.services.runs.control import InDoubt, give_verdict
from core.statuses import ACTIVE, GateStatus
from core.tables import Approval, Incident, StepExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

ONCE = re.compile(r"/ok/(once-\S+)$")
OLD = 90.0  # seconds; an incident of this age has already started the workflow that an age triggers
SOURCE = "chaos"

Message = Mapping[str, Any]


def answer(unit_of_work: UnitOfWorkFactory, done: Collection[str]) -> None:
    """Approve all open gates, and give verdicts on all steps in doubt. `done`: the `once-…` calls that happened."""
    with unit_of_work.begin() as work:
        gates = work.session.scalars(select(Approval.id).where(Approval.status == GateStatus.OPEN)).all()
        doubts = work.session.scalars(select(StepExecution).where(StepExecution.status == "unknown")).all()
    for gate in gates:
        with unit_of_work.begin() as work:
            decide_gate(work, load_person(work, APPROVER, source=SOURCE), gate, approved=True)
    for step in doubts:
        with unit_of_work.begin() as work:
            about, person = InDoubt(step.step_id, step.attempt), load_person(work, OPS, source=SOURCE)
            give_verdict(work, person, step.execution_id, _truth(step, done), about)


def _truth(step: StepExecution, done: Collection[str]) -> str:
    assert isinstance(step.request, dict)
    found = ONCE.search(str(step.request["url"]))
    assert found is not None
    return "ran" if found[1] in done else "run_again"


def thaw(unit_of_work: UnitOfWorkFactory) -> None:
    with unit_of_work.begin() as work:
        for freeze in freezes_in_force(work):
            unfreeze(work, load_person(work, ADMIN, source=SOURCE), freeze.id)


def left(unit_of_work: UnitOfWorkFactory) -> list[str]:
    """Describe the executions that have not ended."""
    with unit_of_work.begin() as work:
        found = [row for kind in KINDS.values() for row in _active(work, kind)]
        return [f"{row.id} is {row.status}, waits for {row.waiting_for}" for row in found]


def _active(work: UnitOfWork, kind: Kind) -> Iterable[AnyExecution]:
    return work.session.scalars(select(kind.execution).where(kind.execution.status.in_(ACTIVE)))


def is_told(unit_of_work: UnitOfWorkFactory) -> bool:
    """Return whether no message is pending, and no incident's age can still cause one."""
    with unit_of_work.begin() as work:
        ages = [work.now - created for created in work.session.scalars(select(Incident.created_at))]
        return count_undelivered(work) == 0 and all(age.total_seconds() > OLD for age in ages)


def twice(names: Iterable[str]) -> dict[str, int]:
    """Return the names that occur more than once, with their counts."""
    return {name: count for name, count in Counter(names).items() if count > 1}


def messages_by_name(log: Mapping[str, Any]) -> Iterator[str]:
    """Yield two names for each message of the app: its notice's part, and its channel with its block id or text.

    `log`: the sandbox's log.
    """
    for channel, messages in log["messages"].items():
        for message in messages:
            payload = (message.get("metadata") or {}).get("event_payload", {})
            if "notice_id" in payload:
                yield f"{payload['notice_id']}.{payload.get('part', 0)}"
                yield f"{channel} {_what(message)}"


def _what(message: Message) -> str:
    block_id = str(message["blocks"][0]["block_id"])
    return block_id if "." in block_id else str(message["text"])
