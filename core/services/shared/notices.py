"""Notices: Slack messages to be posted, each a row that is written in the transaction of the change it is about."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CTE, ColumnElement, TextClause, exists, text, update
from sqlalchemy.dialects.postgresql import insert

from core.identifiers import Prefix, derived_id
from core.statuses import UNRESOLVED
from core.tables import Incident, Installation, JsonObject, Notice
from core.unit_of_work import UnitOfWork

# Marks notices of these subjects and kinds dirty. As SQL: an atomic increment, without loading the rows.
MARK_DIRTY = text("""
UPDATE notices SET wanted = wanted + 1 WHERE subject_id = ANY(:subject_ids) AND kind = ANY(:kinds)
""")

# Marks the open gates on which a team decides dirty. As SQL, for the same reason.
MARK_GATES_DIRTY = text("""
UPDATE notices SET wanted = wanted + 1 WHERE kind = 'gate' AND subject_id IN
    (SELECT id FROM approvals WHERE status = 'open' AND :team IN (policy->>'team', policy->'also'->>'team'))
""")

# Makes abandoned notices for a channel due again, if their incident is unresolved. As SQL: one statement for all.
REVIVE = text("""
UPDATE notices SET abandoned_at = NULL, error = NULL, attempts = 0, due_at = :now
WHERE abandoned_at IS NOT NULL AND wanted > delivered AND error = ANY(:errors)
    AND incident_id IN (SELECT id FROM incidents WHERE status = ANY(:unresolved) AND (
        notices.channel = :channel OR notices.channel IS NULL AND incidents.slack_channel = :channel))
""")


# Writes new notices. As SQL: SQLAlchemy would compile an INSERT of several rows anew each time, in a millisecond.
ENQUEUE = text("""
INSERT INTO notices
    (id, kind, subject_id, key, incident_id, channel, content, thread_of, priority, wanted, uncertain, due_at)
SELECT new.id, new.kind, new.subject_id, new.key, new.incident_id, new.channel, new.content, new.thread_of,
    new.priority, new.wanted, EXISTS (
        SELECT FROM incidents JOIN installation ON incidents.created_at <= installation.restored_at
        WHERE incidents.id = new.incident_id), :now
FROM jsonb_to_recordset(CAST(:notices AS jsonb)) AS new(
    id text, kind text, subject_id text, key text, incident_id text, channel text, content jsonb, thread_of text,
    priority integer, wanted integer)
ON CONFLICT DO NOTHING
""")


class NoticeKind(StrEnum):
    """The kinds of notices. All but `message` are rendered from the state at the time of delivery.

    `pin` and `bookmark` are no messages: they pin the incident's card and bookmark the page of its newest run.
    """

    INCIDENT = "incident"
    HEADLINE = "headline"
    GATE = "gate"
    REMINDER = "reminder"
    VERDICT = "verdict"
    INPUT = "input"
    DETAIL = "detail"
    FILE = "file"
    OUTCOME = "outcome"
    MESSAGE = "message"
    SUMMARY = "summary"
    PIN = "pin"
    BOOKMARK = "bookmark"


# Which notice goes first when Slack's rate limit lets only one through. Smaller numbers go first.
PRIORITY = {
    NoticeKind.INCIDENT: 0,
    NoticeKind.GATE: 1,
    NoticeKind.REMINDER: 1,
    NoticeKind.VERDICT: 1,
    NoticeKind.INPUT: 1,
    NoticeKind.OUTCOME: 1,
    NoticeKind.MESSAGE: 1,
    NoticeKind.SUMMARY: 1,
    NoticeKind.HEADLINE: 2,
    NoticeKind.DETAIL: 3,
    NoticeKind.FILE: 3,
    NoticeKind.PIN: 4,
    NoticeKind.BOOKMARK: 4,
}


def priority_of(kind: NoticeKind, *, is_posted: bool) -> int:
    """Return the priority. A headline that is not posted yet goes before everything in its thread."""
    is_first = kind is NoticeKind.HEADLINE and not is_posted
    return PRIORITY[NoticeKind.OUTCOME if is_first else kind]


@dataclass(frozen=True)
class NewNotice:
    """A notice to enqueue. Without `channel` it goes to the incident's channel.

    `thread_of`: the execution in whose thread it is posted. `wanted`: 0 if it is to be posted only once marked dirty.
    """

    kind: NoticeKind
    subject_id: str
    incident_id: str
    key: str = ""
    channel: str | None = None
    content: JsonObject = field(default_factory=dict)
    thread_of: str | None = None
    wanted: int = 1


def enqueue_notice(work: UnitOfWork, *new: NewNotice) -> None:
    """Enqueue notices. Each is posted once for its kind, subject and key, from which its id is derived.

    If the database is a restored copy, the original may already have posted it, so the poster looks it up first.
    """
    if new:
        work.session.execute(_enqueue(work, new))
        announce(work)


def enqueued(work: UnitOfWork, *new: NewNotice) -> CTE:
    """Return what `enqueue_notice` writes, as a part of the statement that writes what the notices are about."""
    announce(work)
    return _enqueue(work, new).columns().cte("new_notices")


def _enqueue(work: UnitOfWork, new: Sequence[NewNotice]) -> TextClause:
    return ENQUEUE.bindparams(notices=json.dumps([_row(each) for each in new]), now=work.now)


def want_again(work: UnitOfWork, new: NewNotice) -> None:
    """Enqueue the notice; one that was enqueued before is to be delivered once more, even if it was given up."""
    at = {"uncertain": _was_there_at_a_restore(new.incident_id), "due_at": work.now}
    row = insert(Notice).values({**_row(new), **at})
    again = {"wanted": Notice.wanted + 1, "abandoned_at": None, "attempts": 0, "due_at": row.excluded.due_at}
    keys = [Notice.kind, Notice.subject_id, Notice.key]
    work.session.execute(row.on_conflict_do_update(index_elements=keys, set_=again))
    announce(work)


def _row(new: NewNotice) -> JsonObject:
    return {
        **asdict(new),
        "id": derived_id(Prefix.NOTICE, new.kind, new.subject_id, new.key),
        "priority": priority_of(new.kind, is_posted=False),
    }


def _was_there_at_a_restore(incident_id: str) -> ColumnElement[bool]:
    of_before = Incident.created_at <= Installation.restored_at
    return exists().where(Incident.id == incident_id, of_before)


def mark_dirty(work: UnitOfWork, subject_id: str, *kinds: NoticeKind) -> None:
    """Have these notices of the subject rendered and delivered again, since what they show has changed."""
    mark_all_dirty(work, [subject_id], *kinds)


def mark_all_dirty(work: UnitOfWork, subject_ids: Sequence[str], *kinds: NoticeKind) -> None:
    """Mark the notices of several subjects dirty."""
    parameters = {"subject_ids": list(subject_ids), "kinds": [kind.value for kind in kinds]}
    work.session.execute(MARK_DIRTY, parameters)
    announce(work)


def mark_gates_dirty(work: UnitOfWork, team: str) -> None:
    """Mark the open gates that this team decides on dirty, since the people who may decide have changed."""
    work.session.execute(MARK_GATES_DIRTY, {"team": team})
    announce(work)


def due_now(work: UnitOfWork, incident_id: str, at: datetime) -> None:
    """Make this incident's notices due, since its channel, which they waited for, exists now."""
    work.session.execute(update(Notice).where(Notice.incident_id == incident_id).values(due_at=at))
    announce(work)


def revive(work: UnitOfWork, channel: str, errors: Collection[str]) -> None:
    """Retry abandoned notices for `channel`, since the bot can post there now.

    Only notices that were given up with one of these errors, and whose incident is unresolved, are retried.
    """
    unresolved = [status.value for status in UNRESOLVED]
    given = {"channel": channel, "errors": list(errors), "unresolved": unresolved, "now": work.now}
    work.session.execute(REVIVE, given)
    announce(work)


def announce(work: UnitOfWork) -> None:
    """Wake the posters once this transaction has committed."""
    work.announces = True
