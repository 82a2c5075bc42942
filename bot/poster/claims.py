"""Claim the next notice that may be sent, and record what became of it.

Slack's rate limits are kept in the database, so that all posters together stay within them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.functions import func

from bot.poster.refusals import CHANNEL_IS_GONE, NEEDS_AN_ADMIN
from core.advisory_locks import Number, wait_for_the
from core.services.shared.notices import NoticeKind, priority_of
from core.tables import Incident, JsonObject, Notice, SlackPace

# https://docs.slack.dev/apis/web-api/rate-limits/: "posting one message per second per channel".
POST_EVERY = timedelta(seconds=1)
# A run's card is shown at most this often; what happens in between is merged into the next update.
SHOW_EVERY = timedelta(seconds=1)
# chat.update is tier 3 (https://docs.slack.dev/reference/methods/chat.update/): 50+ a minute, whole workspace.
UPDATE_EVERY = timedelta(seconds=1.2)
UPDATE = "chat.update"
POST = "chat.postMessage"
# What pins and bookmarks call is tier 2 (https://docs.slack.dev/reference/methods/pins.add/): 20+ a minute each.
FURNISHING = frozenset({NoticeKind.PIN, NoticeKind.BOOKMARK})
FURNISH_EVERY = timedelta(seconds=3.1)
FURNISH = "furnish"


def post_scope(channel: str) -> str:
    return f"{POST}:{channel}"


def scope_of(kind: NoticeKind, channel: str, message_ts: str | None) -> str:
    """Return the scope whose pace the call for such a notice keeps."""
    if kind in FURNISHING:
        return f"{FURNISH}:{kind}"
    return post_scope(channel) if message_ts is None else UPDATE


def hold(session: Session, scope: str, until: datetime) -> None:
    """Block calls in this scope until `until`."""
    statement = insert(SlackPace).values(scope=scope, free_at=until)
    later = func.greatest(SlackPace.free_at, statement.excluded.free_at)
    session.execute(
        statement.on_conflict_do_update(index_elements=[SlackPace.scope], set_={"free_at": later})
    )


def release(session: Session, scope: str) -> None:
    """Unblock the scope: the call that it was held for was not needed."""
    session.execute(delete(SlackPace).where(SlackPace.scope == scope))


LEASE = timedelta(seconds=30)
KINDS = tuple(NoticeKind)


@dataclass(frozen=True)
class Claim:
    """A notice that one poster has claimed.

    `wanted`: the state to deliver. `uncertain`: an earlier post may have arrived, so look for it before posting.
    """

    notice_id: str
    kind: NoticeKind
    subject_id: str
    key: str
    incident_id: str
    channel: str | None
    content: JsonObject
    wanted: int
    message_ts: str | None
    thread_ts: str | None
    thread_of: str | None
    uncertain: bool
    attempts: int
    leased_until: datetime


def claim_next(session: Session, now: datetime) -> Claim | None:
    """Claim the most urgent undelivered notice that is due, unclaimed and within Slack's rate limits, if there is one.

    Its scope is held at once, and a post counts as uncertain until its answer is recorded. Posters claim one at a
    time, because each must see what the others hold.
    """
    wait_for_the(session, Number.POSTER)
    row = session.execute(_next_notice(), {NOW.key: now}).one_or_none()
    if row is None:
        return None
    notice, channel, thread_ts = row
    claim = _claim(notice, channel, thread_ts, now + LEASE)
    notice.leased_until, notice.attempts = claim.leased_until, notice.attempts + 1
    if channel is not None:
        notice.uncertain = notice.uncertain or notice.message_ts is None
        hold(session, scope_of(claim.kind, channel, claim.message_ts), now + _pace(claim))
    return claim


def _pace(claim: Claim) -> timedelta:
    """Return how long the scope of the claim's call is held."""
    if claim.kind in FURNISHING:
        return FURNISH_EVERY
    return POST_EVERY if claim.message_ts is None else UPDATE_EVERY


def _claim(notice: Notice, channel: str | None, thread_ts: str | None, leased_until: datetime) -> Claim:
    assert notice.incident_id is not None
    return Claim(
        notice.id,
        NoticeKind(notice.kind),
        notice.subject_id,
        notice.key,
        notice.incident_id,
        channel,
        notice.content,
        notice.wanted,
        notice.message_ts,
        thread_ts,
        notice.thread_of,
        notice.uncertain,
        notice.attempts,
        leased_until,
    )


NOW = bindparam("now", type_=DateTime(timezone=True))


@cache  # posters ask it several times a second while Slack's pace holds notices back
def _next_notice() -> Select[Notice, str | None, str | None]:
    """Return the query for the next notice, its channel and its thread, at the time NOW.

    An index holds the undelivered notices in this order, so only those before the result are read. The channel and
    thread of each are subqueries: PostgreSQL estimates that a third of all notices are undelivered, and would scan
    whole tables to join them.
    """
    channel = _channel()
    headline = aliased(Notice)
    of_thread = (
        headline.kind == NoticeKind.HEADLINE,
        headline.subject_id == Notice.thread_of,
        headline.key == "",
    )
    thread_ts = select(headline.message_ts).where(*of_thread).scalar_subquery()
    is_settled = or_(headline.message_ts.is_not(None), headline.abandoned_at.is_not(None))
    return (
        select(Notice, channel, thread_ts)
        .where(*_is_free(), _has_place(channel))
        .where(or_(Notice.thread_of.is_(None), select(is_settled).where(*of_thread).scalar_subquery()))
        .where(_within_pace(channel))
        .order_by(Notice.priority, Notice.due_at, Notice.number)
        .limit(1)
        .with_for_update(of=Notice, skip_locked=True)
    )


def _channel() -> ColumnElement[str]:
    """Return the notice's own channel, or else the incident's."""
    of_incident = select(Incident.slack_channel).where(Incident.id == Notice.incident_id)
    return func.coalesce(Notice.channel, of_incident.correlate(Notice).scalar_subquery())


def _has_place(channel: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that it has a channel, or is an incident's card, which creates one."""
    is_card = Notice.kind == NoticeKind.INCIDENT
    return and_(Notice.incident_id.is_not(None), or_(channel.is_not(None), is_card))


def undelivered() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of an undelivered notice. Kinds that only a newer release knows are left to its posters."""
    return (Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None), Notice.kind.in_(KINDS))


def _is_free() -> tuple[ColumnElement[bool], ...]:
    return (
        *undelivered(),
        Notice.due_at <= NOW,
        or_(Notice.leased_until.is_(None), Notice.leased_until <= NOW),
    )


def _within_pace(channel: ColumnElement[str]) -> ColumnElement[bool]:
    held = exists().where(SlackPace.scope == _scope(channel), SlackPace.free_at > NOW).correlate(Notice)
    return or_(channel.is_(None), ~held)


def _scope(channel: ColumnElement[str]) -> ColumnElement[str]:
    """Return the scope of the notice's call, as `scope_of` does."""
    return case(
        (Notice.kind.in_(FURNISHING), func.concat(FURNISH, ":", Notice.kind)),
        (Notice.message_ts.is_(None), func.concat(POST, ":", channel)),
        else_=UPDATE,
    )


def next_due_at(session: Session, until: datetime) -> datetime | None:
    """Return when the next undelivered notice may be sent; None if none may until then.

    A message of a thread may have to wait longer, for the thread's first one.
    """
    channel = _channel()
    pace = select(SlackPace.free_at).where(SlackPace.scope == _scope(channel)).correlate(Notice)
    may_be_sent_at = func.greatest(Notice.due_at, Notice.leased_until, pace.scalar_subquery())
    query = select(func.min(may_be_sent_at)).where(
        *undelivered(), Notice.due_at <= until, _has_place(channel)
    )
    due_at = session.scalar(query)
    return due_at if due_at is not None and due_at <= until else None


def take_turn(notice: Notice, now: datetime) -> None:
    """Put a delivered notice behind those that have waited longer, so that a busy run holds up no other.

    A run's card has to wait for SHOW_EVERY in any case.
    """
    notice.due_at = now + (SHOW_EVERY if notice.kind == NoticeKind.HEADLINE else timedelta(0))


def show_at(notice: Notice, ts: str | None) -> None:
    """Record where its message is, or with None that it has none; its priority follows from that."""
    notice.message_ts = ts
    notice.priority = priority_of(NoticeKind(notice.kind), is_posted=ts is not None)


def forget_headline(session: Session, claim: Claim) -> None:
    """Have a thread's deleted headline posted again; the messages of its thread wait for it."""
    is_headline = (Notice.kind == NoticeKind.HEADLINE, Notice.subject_id == claim.thread_of)
    session.execute(
        update(Notice)
        .where(*is_headline, Notice.message_ts == claim.thread_ts)
        .values(
            message_ts=None,
            wanted=Notice.wanted + 1,
            priority=priority_of(NoticeKind.HEADLINE, is_posted=False),
        )
    )


def is_known_gone(session: Session, notice: Notice) -> bool:
    """Return True if another notice has already found that this channel no longer exists."""
    same_place = (
        Notice.incident_id == notice.incident_id,
        Notice.channel.is_not_distinct_from(notice.channel),
    )
    query = select(Notice.id).where(*same_place, Notice.id != notice.id, Notice.abandoned_at.is_not(None))
    return session.execute(query.where(Notice.error.in_(CHANNEL_IS_GONE)).limit(1)).first() is not None


def is_token_known_bad(session: Session, notice: Notice) -> bool:
    """Return True if this or another undelivered notice was already refused because of the token or its scopes."""
    refused = Notice.error.in_(NEEDS_AN_ADMIN)
    query = select(Notice.id).where(*undelivered(), refused).limit(1)
    return notice.error in NEEDS_AN_ADMIN or session.execute(query).first() is not None


def lock_claimed(session: Session, claim: Claim) -> Notice | None:
    """Lock and return the notice's row; None if the lease has expired and another poster has claimed it."""
    query = select(Notice).where(Notice.id == claim.notice_id, Notice.leased_until == claim.leased_until)
    return session.scalar(query.with_for_update())
