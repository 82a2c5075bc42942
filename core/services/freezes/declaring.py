"""Freezing and unfreezing: nothing new begins, what runs stops before its next step, and the channels are told.

A freeze marks the executions of its scope and bumps their revision, in its own transaction: the checkpoint that would
start a step meets the new revision, reads again, and holds. Lifting unmarks and wakes them in the same way.
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
PATIENCE = "300ms"  # below PostgreSQL's deadlock_timeout, so that it is never a worker that has to give way

TABLES = {"runbook": "runbook_executions", "workflow": "workflow_executions"}
OF_SCOPE = """
    status IN ('pending', 'running', 'waiting')
    AND (CAST(:team_id AS text) IS NULL OR incident_id IN (SELECT id FROM incidents WHERE team_id = :team_id))
"""
MARK = f"""
UPDATE {{table}} AS execution SET frozen = true, revision = revision + 1
WHERE {OF_SCOPE}
RETURNING id, false
"""  # noqa: S608 a constant of this module
UNMARK = """
UPDATE {table} AS execution SET frozen = false, revision = revision + 1,
    wake_at = CASE WHEN waiting_for = 'freeze' THEN :now ELSE wake_at END,
    rung_at = CASE WHEN waiting_for = 'freeze' THEN :now ELSE rung_at END
WHERE frozen AND NOT EXISTS (
    SELECT FROM freezes JOIN incidents AS incident ON incident.id = execution.incident_id
    WHERE freezes.lifted_at IS NULL AND (freezes.team_id IS NULL OR freezes.team_id = incident.team_id))
RETURNING id, waiting_for IS NOT DISTINCT FROM 'freeze'
"""
STILL_HELD = f"""
UPDATE {{table}} AS execution SET revision = revision + 1
WHERE {OF_SCOPE} AND frozen
RETURNING id, false
"""  # noqa: S608 a constant of this module
SHOW = text("""
UPDATE notices SET wanted = wanted + 1
WHERE (kind IN ('headline', 'verdict') AND subject_id = ANY(:ids)) OR (kind = 'gate' AND subject_id IN (
    SELECT id FROM approvals WHERE status = 'open' AND execution_id = ANY(:ids)))
""")


def freeze(
    work: UnitOfWork, person: Person, *, team: str | None, reason: str, request_key: str | None = None
) -> Freeze:
    """Freeze a team, or everything. `request_key`: the same delivery again gets the same freeze.

    Raises NotFound for an unknown team, NotAllowed for who is no admin of it, InvalidInput without a reason, Conflict
    where it is frozen already, Unavailable where executions were too busy to be marked.
    """
    check_may_freeze(person, team)
    if not reason.strip():
        raise InvalidInput("Why? Everybody who is stopped will read it.", field="reason")
    known = _by_request_key(work, request_key)
    if known is not None:
        return known
    owner = find_team(work, team) if team is not None else None
    freeze_alone(work.session)
    _check_not_yet(work, team)
    return _begin(work, person, owner, reason, request_key)


def freeze_everything(work: UnitOfWork, person: Person, reason: str) -> Freeze:
    """For who needs nobody's permission. Where everything is frozen already, that freeze: what it missed is held too.

    Raises Unavailable as `freeze` does.
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
    """Nobody else freezes, or begins a run, until this transaction ends."""
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
    in_force.tell_begun(work, row)
    return row


def unfreeze(work: UnitOfWork, person: Person, freeze_id: str) -> Freeze:
    """Lift a freeze; what it held goes on, unless another freeze holds it. Raises NotFound, NotAllowed, Conflict."""
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
    in_force.tell_lifted(work, row, person.slack_user_id)
    return row


def find_freeze(work: UnitOfWork, person: Person, freeze_id: str) -> Freeze:
    """NotFound also for that of a team which the person is not in."""
    row = work.session.get(Freeze, freeze_id)
    if row is None or not person.may_see(_team_name(row), Action.FREEZE_READ):
        raise NotFound(f"There is no freeze {freeze_id}.")
    return row


def freeze_in_force(work: UnitOfWork, team: str | None) -> Freeze:
    """That of the team (None: of everything). Raises NotFound where there is none."""
    found = next((row for row in freezes_in_force(work) if _team_name(row) == team), None)
    if found is None:
        raise NotFound("There is no freeze of everything." if team is None else f"Team {team} is not frozen.")
    return found


def visible_freezes(work: UnitOfWork, person: Person) -> list[Freeze]:
    """Those in force that this person's runs may meet, oldest first."""
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
    raise AlreadyExists(f"It is frozen already, by <@{there.frozen_by}>: {there.reason.rstrip('.')}.")


def _mark(work: UnitOfWork, statement: str, parameters: dict[str, object]) -> None:
    """Mark, or unmark, the executions; show it on their cards; ring for those that may go on.

    What another freeze holds is among them: its cards show which one does.
    """
    for kind, table in TABLES.items():
        changed = _patiently(work, statement.format(table=table), parameters)
        work.session.execute(SHOW, {"ids": [execution_id for execution_id, _ in changed]})
        for execution_id, goes_on in changed:
            if goes_on:
                work.enqueue(kind, execution_id)
    notices.announce(work)


def _patiently(work: UnitOfWork, statement: str, parameters: dict[str, object]) -> Sequence[tuple[str, bool]]:
    """Many rows are locked in no order, and a worker may hold one and want another: then we let go, and try again."""
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
    raise Unavailable("The runs are too busy to be stopped at once.", hint="Nothing was changed; try again.")
