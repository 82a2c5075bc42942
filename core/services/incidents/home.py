"""Home tabs in Slack: who has opened theirs, when it has to be shown anew, and what a person sees there.

Nobody who has not opened the Home tab costs anything, and after an hour without another look its updates stop.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.functions import func

from core.decisions.approval_policy import excluded, is_approver, policy_from_json
from core.decisions.people import Person, principals_of
from core.services.access.listing import (
    Wanted,
    Window,
    list_active_executions,
    list_incidents,
    list_open_gates,
    list_requested_by,
)
from core.services.shared.notices import announce
from core.services.views.executions import view_approvals, view_executions
from core.services.views.reading import view_incident
from core.statuses import UNRESOLVED
from core.tables import Approval, HomeTab, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.home import Home
from core.views.incidents import IncidentView

RECENTLY = timedelta(hours=1)  # how long an opened tab is kept up to date
FORGOTTEN = timedelta(days=7)
LEASE = timedelta(seconds=30)
OPENED_EVERY = timedelta(seconds=3)
CHANGED_EVERY = timedelta(seconds=15)
MOST_APPROVALS, MOST_RUNS, MOST_INCIDENTS, MOST_OWN = 5, 5, 10, 5
MOST_GATES_READ = 50

# Marks the tabs in which a change of this incident shows, in one order, so that posters never wait in a circle. As
# SQL: one statement over a small table, whoever may see the change.
MARK = text("""
UPDATE home_tabs SET wanted = wanted + 1 WHERE slack_user_id IN (
    SELECT slack_user_id FROM home_tabs tab WHERE opened_at > :since AND (
        slack_user_id = ANY(:admins)
        OR EXISTS (SELECT FROM team_members member JOIN incidents ON incidents.team_id = member.team_id
            WHERE incidents.id = :incident AND member.slack_user_id = tab.slack_user_id)
        OR EXISTS (SELECT FROM approvals gate
            JOIN LATERAL (VALUES (gate.policy), (gate.policy->'also')) AS deciders(policy) ON true
            LEFT JOIN teams ON teams.name = deciders.policy->>'team'
            LEFT JOIN team_members member ON member.team_id = teams.id AND member.slack_user_id = tab.slack_user_id
            WHERE gate.id = :subject
                AND (member.slack_user_id IS NOT NULL OR deciders.policy->'people' ? tab.slack_user_id))
    ) ORDER BY slack_user_id FOR UPDATE)
""")


@dataclass(frozen=True)
class HomeClaim:
    """A tab that one poster has claimed. `wanted`: the state to show; `digest`: of the view that is there now."""

    slack_user_id: str
    wanted: int
    digest: str | None
    attempts: int
    leased_until: datetime


def open_home_tab(work: UnitOfWork, slack_user_id: str) -> None:
    """Record that the person has opened their tab, and have it published, at most every few seconds."""
    work.session.execute(delete(HomeTab).where(HomeTab.opened_at < work.now - FORGOTTEN))
    row = insert(HomeTab).values(slack_user_id=slack_user_id, opened_at=work.now, due_at=work.now)
    again = {
        "opened_at": work.now,
        "wanted": HomeTab.wanted + 1,
        "digest": None,
        "due_at": func.least(HomeTab.due_at, work.now + OPENED_EVERY),
    }
    work.session.execute(row.on_conflict_do_update(index_elements=[HomeTab.slack_user_id], set_=again))
    announce(work)


def mark_home_tabs(work: UnitOfWork, incident_id: str, subject_id: str) -> None:
    """Have the tabs shown anew that show this incident, its runs, or the gate `subject_id`."""
    about = {"incident": incident_id, "subject": subject_id}
    work.session.execute(MARK, {**about, "since": work.now - RECENTLY, "admins": sorted(work.admins)})


def claim_home_tab(work: UnitOfWork) -> HomeClaim | None:
    """Claim the tab that is due longest, if there is one."""
    is_free = or_(HomeTab.leased_until.is_(None), HomeTab.leased_until <= work.now)
    due = select(HomeTab).where(HomeTab.wanted > HomeTab.published, HomeTab.due_at <= work.now, is_free)
    row = work.session.scalars(
        due.order_by(HomeTab.due_at).limit(1).with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    row.leased_until, row.attempts = work.now + LEASE, row.attempts + 1
    return HomeClaim(row.slack_user_id, row.wanted, row.digest, row.attempts, row.leased_until)


def next_home_tab_at(work: UnitOfWork, until: datetime) -> datetime | None:
    """Return when the next tab is due to be published; None if none is until then."""
    due = select(HomeTab.due_at).where(HomeTab.wanted > HomeTab.published, HomeTab.due_at <= until)
    return work.session.scalar(due.order_by(HomeTab.due_at).limit(1))


def home_published(work: UnitOfWork, claim: HomeClaim, digest: str) -> None:
    """Record that the view with this digest is shown. Another change is shown some seconds later."""
    row = _claimed(work, claim)
    if row is not None:
        row.published, row.digest, row.leased_until, row.attempts = claim.wanted, digest, None, 0
        row.due_at = work.now + (OPENED_EVERY if row.wanted > claim.wanted else CHANGED_EVERY)


def home_put_off(work: UnitOfWork, claim: HomeClaim, delay: timedelta) -> None:
    """Record that it could not be published, and when to try again."""
    row = _claimed(work, claim)
    if row is not None:
        row.leased_until, row.due_at = None, work.now + delay


def forget_home_tab(work: UnitOfWork, claim: HomeClaim) -> None:
    """Forget a tab that cannot be published: the person left, or the app has no Home tab."""
    row = _claimed(work, claim)
    if row is not None:
        work.session.delete(row)


def _claimed(work: UnitOfWork, claim: HomeClaim) -> HomeTab | None:
    query = select(HomeTab).where(
        HomeTab.slack_user_id == claim.slack_user_id, HomeTab.leased_until == claim.leased_until
    )
    return work.session.scalar(query.with_for_update())


def digest_of_view(view: str) -> str:
    """Return the digest by which a view that has not changed is recognized."""
    return hashlib.sha256(view.encode()).hexdigest()


def see_home(work: UnitOfWork, person: Person) -> Home:
    """Return what the person sees: the same as the lists of the other interfaces show them."""
    mine = _decidable(work, person)
    shown = mine[:MOST_APPROVALS]
    gates = {gate.execution_id: gate for gate in view_approvals(work, shown)}
    of_gates = view_executions(
        work, [work.session.get_one(RunbookExecution, gate.execution_id) for gate in shown]
    )
    return Home(
        approvals=[(run, gates[run.id]) for run in of_gates],
        more_approvals=len(mine) - len(shown),
        running=view_executions(work, list_active_executions(work, person, Window(MOST_RUNS))),
        incidents=_unresolved(work, person),
        own=view_executions(work, list_requested_by(work, person, Window(MOST_OWN))),
        has_team=bool(person.roles) or person.is_platform_admin,
    )


def _decidable(work: UnitOfWork, person: Person) -> list[Approval]:
    """Return the open gates that the person may decide and has not decided yet, the oldest first."""
    gates = list_open_gates(work, person, Window(MOST_GATES_READ))
    return [gate for gate in reversed(gates) if _may_decide(gate, person)]


def _may_decide(gate: Approval, person: Person) -> bool:
    policy = policy_from_json(gate.policy)
    is_involved = not excluded(policy).isdisjoint(principals_of(person))
    has_decided = any(each.slack_user_id == person.slack_user_id for each in gate.decisions)
    return is_approver(policy, person) and not is_involved and not has_decided


def _unresolved(work: UnitOfWork, person: Person) -> list[IncidentView]:
    """Return the unresolved incidents, the newest first."""
    rows = [
        row
        for status in UNRESOLVED
        for row in list_incidents(work, person, Window(MOST_INCIDENTS), Wanted(status=status))
    ]
    newest = sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)
    return [view_incident(row) for row in newest[:MOST_INCIDENTS]]
