"""Declares and lifts freezes: no new run starts, active runs stop before their next step, and channels are notified.

A freeze marks the executions in its scope and increments their revision in its own transaction. So the checkpoint that
would start a step meets the new revision, reads the execution again, and waits. Lifting it unmarks and wakes them.
"""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from core.advisory_locks import freeze_alone
from core.decisions.freeze import check_may_freeze
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import AlreadyDone, AlreadyExists, InvalidInput, NotFound, Unavailable
from core.identifiers import Prefix, new_id
from core.services.access.people import find_team
from core.services.freezes import in_force
from core.services.freezes.in_force import freezes_in_force
from core.services.shared import audit, notices
from core.services.shared.idempotency import serialize_on_key
from core.tables import Freeze, Team
from core.unit_of_work import UnitOfWork

ATTEMPTS = 20
PATIENCE = "300ms"  # shorter than PostgreSQL's deadlock_timeout, so that it is never a worker that is aborted

TABLES = {"runbook": "runbook_executions", "workflow": "workflow_executions"}
OF_SCOPE = """
    status IN ('pending', 'running', 'waiting')
    AND (CAST(:team_id AS text) IS NULL OR incident_id IN (SELECT id FROM incidents WHERE team_id = :team_id))
"""

# These statements change many rows of either table at once, so they are SQL; `{table}` is one of TABLES.
# Marks the active executions of a team, or all. Returns their ids; none of them may go on.
MARK = f"""
UPDATE {{table}} AS execution SET frozen = true, revision = revision + 1
WHERE {OF_SCOPE}
RETURNING id, false
"""  # noqa: S608 a constant of this module

# Unmarks the executions over which no freeze is left, and wakes those that waited. Returns ids, and whether to enqueue.
UNMARK = """
UPDATE {table} AS execution SET frozen = false, revision = revision + 1,
    wake_at = CASE WHEN waiting_for = 'freeze' THEN :now ELSE wake_at END,
    rung_at = CASE WHEN waiting_for = 'freeze' THEN :now ELSE rung_at END
WHERE frozen AND NOT EXISTS (
    SELECT FROM freezes JOIN incidents AS incident ON incident.id = execution.incident_id
    WHERE freezes.lifted_at IS NULL AND (freezes.team_id IS NULL OR freezes.team_id = incident.team_id))
RETURNING id, waiting_for IS NOT DISTINCT FROM 'freeze'
"""

# Touches the executions that another freeze still holds, so that their cards show which one. Returns their ids.
STILL_HELD = f"""
UPDATE {{table}} AS execution SET revision = revision + 1
WHERE {OF_SCOPE} AND frozen
RETURNING id, false
"""  # noqa: S608 a constant of this module

# Marks the cards, verdicts, open gates and open requests for values of these executions dirty. As SQL: one statement
# for any number of them.
SHOW = text("""
UPDATE notices SET wanted = wanted + 1
WHERE (kind IN ('headline', 'verdict') AND subject_id = ANY(:ids)) OR (kind = 'gate' AND subject_id IN (
    SELECT id FROM approvals WHERE status = 'open' AND execution_id = ANY(:ids))) OR (kind = 'input' AND subject_id IN (
    SELECT id FROM input_requests WHERE status = 'open' AND execution_id = ANY(:ids)))
""")


def freeze(
    work: UnitOfWork, person: Person, *, team: str | None, reason: str, request_key: str | None = None
) -> Freeze:
    """Freeze a team, or everything if `team` is None.

    `request_key`: a repeated delivery with the same key returns the same freeze. Raises NotFound for an unknown team,
    NotAllowed if the person is not an admin of it, InvalidInput without a reason, Conflict if it is already frozen,
    and Unavailable if executions were too busy to be marked.
    """
    check_may_freeze(person, team)
    if not reason.strip():
        raise InvalidInput("Give a reason. Everyone whose runs are stopped will read it.", field="reason")
    known = _by_request_key(work, request_key)
    if known is not None:
        return known
    owner = find_team(work, team) if team is not None else None
    freeze_alone(work.session)
    _check_not_yet(work, team)
    return _begin(work, person, owner, reason, request_key)


def freeze_everything(work: UnitOfWork, person: Person, reason: str) -> Freeze:
    """Freeze everything on behalf of the system, without a permission check.

    If everything is already frozen, return that freeze, and also mark the executions that it missed. Raises Unavailable
    as `freeze` does.
    """
    freeze_alone(work.session)
    there = next((row for row in freezes_in_force(work) if row.team_id is None), None)
    if there is None:
        return _begin(work, person, None, reason, None)
    _mark(work, MARK, {"team_id": None})
    return there


def _begin(
    work: UnitOfWork, person: Person, owner: Team | None, reason: str, request_key: str | None
) -> Freeze:
    """Begin the freeze. The caller holds the lock under which nobody else freezes or starts a run."""
    team = owner.name if owner is not None else None
    row = Freeze(
        id=new_id(Prefix.FREEZE),
        team=owner,
        reason=reason.strip(),
        frozen_by=person.slack_user_id,
        created_at=work.now,
        request_key=request_key,
    )
    work.session.add(row)
    work.session.flush()
    _mark(work, MARK, {"team_id": row.team_id})
    details = {"team": team, "reason": row.reason, "before": {"frozen": False}, "after": {"frozen": True}}
    audit.record(work, person, "freeze.begun", row.id, details)
    in_force.notify_begun(work, row)
    return row


def unfreeze(work: UnitOfWork, person: Person, freeze_id: str) -> Freeze:
    """Lift a freeze. The runs that it held continue, unless another freeze holds them.

    Raises NotFound, NotAllowed, and Conflict if it was already lifted.
    """
    row = find_freeze(work, person, freeze_id)
    check_may_freeze(person, _team_name(row))
    freeze_alone(work.session)
    work.session.refresh(row, with_for_update={"of": Freeze})
    if row.lifted_at is not None:
        raise AlreadyDone(f"This freeze was already lifted, by <@{row.lifted_by}>.")
    row.lifted_at, row.lifted_by = work.now, person.slack_user_id
    work.session.flush()
    _mark(work, UNMARK, {"now": work.now})
    _mark(work, STILL_HELD, {"team_id": row.team_id})
    change = {"before": {"frozen": True}, "after": {"frozen": False}}
    audit.record(
        work, person, "freeze.lifted", row.id, {"team": _team_name(row), "reason": row.reason, **change}
    )
    in_force.notify_lifted(work, row, person.slack_user_id)
    return row


def find_freeze(work: UnitOfWork, person: Person, freeze_id: str) -> Freeze:
    """Return the freeze. Raises NotFound, also for the freeze of a team that the person is not in."""
    row = work.session.get(Freeze, freeze_id)
    if row is None or not person.may_see(_team_name(row), Action.FREEZE_READ):
        raise NotFound(f"There is no freeze {freeze_id}.")
    return row


def freeze_in_force(work: UnitOfWork, team: str | None) -> Freeze:
    """Return the freeze of the team, or of everything if `team` is None. Raises NotFound if there is none."""
    found = next((row for row in freezes_in_force(work) if _team_name(row) == team), None)
    if found is None:
        raise NotFound("There is no freeze of everything." if team is None else f"Team {team} is not frozen.")
    return found


def visible_freezes(work: UnitOfWork, person: Person) -> list[Freeze]:
    """Return the freezes in force that can affect this person's runs, oldest first."""
    return [row for row in freezes_in_force(work) if person.may_see(_team_name(row), Action.FREEZE_READ)]


def _team_name(row: Freeze) -> str | None:
    return row.team.name if row.team else None


def _by_request_key(work: UnitOfWork, request_key: str | None) -> Freeze | None:
    if request_key is None:
        return None
    serialize_on_key(work, request_key)
    return work.session.scalar(select(Freeze).where(Freeze.request_key == request_key))


def _check_not_yet(work: UnitOfWork, team: str | None) -> None:
    try:
        there = freeze_in_force(work, team)
    except NotFound:
        return
    raise AlreadyExists(f"It is already frozen, by <@{there.frozen_by}>: {there.reason.rstrip('.')}.")


def _mark(work: UnitOfWork, statement: str, parameters: dict[str, object]) -> None:
    """Run `statement` on the executions, mark their cards dirty, and enqueue jobs for those that may continue."""
    for kind, table in TABLES.items():
        changed = _patiently(work, statement.format(table=table), parameters)
        work.session.execute(SHOW, {"ids": [execution_id for execution_id, _ in changed]})
        for execution_id, may_continue in changed:
            if may_continue:
                work.enqueue(kind, execution_id)
    notices.announce(work)


def _patiently(work: UnitOfWork, statement: str, parameters: dict[str, object]) -> Sequence[tuple[str, bool]]:
    """Run the statement with a short lock timeout, and retry it.

    It locks many rows in no particular order, and a worker may hold one while it waits for another.
    """
    for _ in range(ATTEMPTS):
        try:
            with work.session.begin_nested():
                work.session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
                changed = work.session.execute(text(statement), parameters).all()
                work.session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
                return changed
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":  # lock_not_available
                raise
    raise Unavailable(
        "The runs are too busy to be stopped right now.", hint="Nothing was changed. Try again."
    )
