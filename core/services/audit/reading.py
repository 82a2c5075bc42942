"""Reads the audit trail, filtered: newest first for people, oldest first for an export."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, literal, select, tuple_

from core.decisions.people import Person
from core.decisions.policy import require_scope, visible_teams
from core.decisions.policy_table import Action
from core.errors import NotAllowed
from core.tables import AuditEntry, AuditSeal
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.views.records import AuditEntryView

AT_ONCE = 500


@dataclass(frozen=True)
class AuditFilter:
    """A filter for entries. None means no restriction. The period includes `since` and excludes `until`."""

    actor: str | None = None
    action: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Place:
    """The position of an entry in the list. Entries of the same time are ordered by number."""

    at: datetime
    number: int


def list_entries(
    work: UnitOfWork, person: Person, wanted: AuditFilter, size: int, before: Place | None
) -> list[AuditEntryView]:
    """Return the newest `size` entries before `before`. A team's admin sees only that team's entries.

    Raises NotAllowed if the person is neither a platform admin nor a team's admin.
    """
    order = (AuditEntry.created_at.desc(), AuditEntry.number.desc())
    query = _query(person, wanted).order_by(*order).limit(size)
    if before is not None:
        place = tuple_(literal(before.at), literal(before.number))
        query = query.where(tuple_(AuditEntry.created_at, AuditEntry.number) < place)
    return [_view(*row) for row in work.session.execute(query)]


def export_entries(
    unit_of_work: UnitOfWorkFactory, person: Person, wanted: AuditFilter
) -> Iterator[AuditEntryView]:
    """Yield all entries, oldest first. They are read in portions, and no transaction stays open between them.

    Raises what `list_entries` raises, before the first entry.
    """
    query = _query(person, wanted).order_by(AuditEntry.number).limit(AT_ONCE)
    return _portions(unit_of_work, query)


def _portions(
    unit_of_work: UnitOfWorkFactory, query: Select[AuditEntry, AuditSeal]
) -> Iterator[AuditEntryView]:
    behind = 0
    while True:
        with unit_of_work.begin() as work:
            portion = [_view(*row) for row in work.session.execute(query.where(AuditEntry.number > behind))]
        yield from portion
        if len(portion) < AT_ONCE:
            return
        behind = portion[-1].number


def _query(person: Person, wanted: AuditFilter) -> Select[AuditEntry, AuditSeal]:
    query = select(AuditEntry, AuditSeal).join(AuditSeal, AuditSeal.number == AuditEntry.number)
    return query.where(*_visible(person), *_conditions(wanted))


def _visible(person: Person) -> list[ColumnElement[bool]]:
    require_scope(person, Action.AUDIT_READ)
    teams = visible_teams(person, Action.AUDIT_READ)
    if teams is None:
        return []
    if not teams:
        raise NotAllowed(
            "Only admins may read the audit trail: team admins that of their team, platform admins all of it.",
            hint="Every responder may use `GET /incidents/{id}/timeline`.",
        )
    return [AuditEntry.team.in_(sorted(teams))]


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.subject_id, wanted.subject_id),
    ):
        if value is not None:
            yield column == value
    if wanted.since is not None:
        yield AuditEntry.created_at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.created_at < wanted.until


def _view(entry: AuditEntry, sealed: AuditSeal) -> AuditEntryView:
    return AuditEntryView(
        number=entry.number,
        at=entry.created_at,
        actor=entry.actor,
        source=entry.source,
        token_id=entry.token_id,
        team=entry.team,
        action=entry.action,
        subject_id=entry.subject_id,
        before=entry.details.get("before"),
        after=entry.details.get("after"),
        details=entry.details,
        position=sealed.position,
        hash=sealed.hash,
    )
