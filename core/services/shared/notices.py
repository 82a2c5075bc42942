"""Owing Slack messages: a notice is a row, written in the transaction that makes it owed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, text, update
from sqlalchemy.dialects.postgresql import insert

from core.identifiers import Prefix, derived_id
from core.statuses import UNRESOLVED
from core.tables import Incident, Installation, JsonObject, Notice
from core.unit_of_work import UnitOfWork

WANT_MORE = text(
    "UPDATE notices SET wanted = wanted + 1 WHERE subject_id = ANY(:subject_ids) AND kind = ANY(:kinds)"
)


WANT_GATES = text(
    "UPDATE notices SET wanted = wanted + 1 WHERE kind = 'gate' AND subject_id IN "
    "(SELECT id FROM approvals WHERE status = 'open' AND policy->>'team' = :team)"
)


REVIVE = text("""
UPDATE notices SET abandoned_at = NULL, error = NULL, attempts = 0, due_at = :now
WHERE abandoned_at IS NOT NULL AND wanted > delivered AND error = ANY(:errors)
    AND incident_id IN (SELECT id FROM incidents WHERE status = ANY(:unresolved) AND (
        notices.channel = :channel OR notices.channel IS NULL AND incidents.slack_channel = :channel))
""")


class NoticeKind(StrEnum):
    """What a notice shows. All but `message` are rendered anew from the state at the time of delivery."""

    INCIDENT = "incident"
    HEADLINE = "headline"
    GATE = "gate"
    VERDICT = "verdict"
    DETAIL = "detail"
    OUTCOME = "outcome"
    MESSAGE = "message"


# Who goes first where Slack lets only one go. The smaller, the earlier.
PRIORITY = {
    NoticeKind.INCIDENT: 0,
    NoticeKind.GATE: 1,
    NoticeKind.VERDICT: 1,
    NoticeKind.OUTCOME: 1,
    NoticeKind.MESSAGE: 1,
    NoticeKind.HEADLINE: 2,
    NoticeKind.DETAIL: 3,
}


def priority_of(kind: NoticeKind, *, is_posted: bool) -> int:
    """A headline that is not posted yet goes before everything that it heads."""
    is_first = kind is NoticeKind.HEADLINE and not is_posted
    return PRIORITY[NoticeKind.OUTCOME if is_first else kind]


@dataclass(frozen=True)
class NewNotice:
    """A message to be owed. Without `channel` it goes to the incident's.

    `thread_of`: the execution whose thread it belongs to. `wanted`: 0 for one that is owed only later.
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
    """Owe messages, each once for its kind, subject and key: from these its id is made.

    Where the database is a restored copy, the one that it is a copy of may have posted it: then it is looked up first.
    """
    if new:
        work.session.execute(
            insert(Notice).values([_row(work, each) for each in new]).on_conflict_do_nothing()
        )
        announce(work)


def _row(work: UnitOfWork, new: NewNotice) -> JsonObject:
    return {
        **asdict(new),
        "id": derived_id(Prefix.NOTICE, new.kind, new.subject_id, new.key),
        "uncertain": _was_there_at_a_restore(new.incident_id),
        "priority": priority_of(new.kind, is_posted=False),
        "due_at": work.now,
    }


def _was_there_at_a_restore(incident_id: str) -> ColumnElement[bool]:
    of_before = Incident.created_at <= Installation.restored_at
    return exists().where(Incident.id == incident_id, of_before)


def mark_dirty(work: UnitOfWork, subject_id: str, *kinds: NoticeKind) -> None:
    """What these notices show has changed."""
    want_all_again(work, [subject_id], *kinds)


def want_all_again(work: UnitOfWork, subject_ids: Sequence[str], *kinds: NoticeKind) -> None:
    """The same of several subjects."""
    parameters = {"subject_ids": list(subject_ids), "kinds": [kind.value for kind in kinds]}
    work.session.execute(WANT_MORE, parameters)
    announce(work)


def want_gates_again(work: UnitOfWork, team: str) -> None:
    """Who may decide on the gates that wait for this team has changed."""
    work.session.execute(WANT_GATES, {"team": team})
    announce(work)


def due_now(work: UnitOfWork, incident_id: str, at: datetime) -> None:
    """What this incident's notices waited for (its channel) is there."""
    work.session.execute(update(Notice).where(Notice.incident_id == incident_id).values(due_at=at))
    announce(work)


def revive(work: UnitOfWork, channel: str, errors: Collection[str]) -> None:
    """We can post there now: what was given up for these errors, of incidents that are not resolved, is owed again."""
    unresolved = [status.value for status in UNRESOLVED]
    given = {"channel": channel, "errors": list(errors), "unresolved": unresolved, "now": work.now}
    work.session.execute(REVIVE, given)
    announce(work)


def announce(work: UnitOfWork) -> None:
    """Wake the posters when this transaction has committed."""
    work.announces = True
