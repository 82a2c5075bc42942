"""The poster: claims the next undelivered notice, shows the current state in Slack, and records the result."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy import Engine

from bot.cards.output_file import OutputFile
from bot.pages.links import RunLinks
from bot.poster import claims
from bot.poster.notifications import await_notification
from bot.poster.refusals import CHANNEL_IS_GONE, NEEDS_AN_ADMIN
from bot.poster.tracing import delivery
from core.announcing import CHANNEL
from core.database import DATABASE_IS_AWAY, LIVENESS
from core.fault_injection import fail_point, is_disabled
from core.identifiers import Prefix
from core.outage import Outage
from core.services.access.people import members_of
from core.services.incidents.channel_troubles import ChannelNews, channel_changed, no_channel
from core.services.incidents.home import mark_home_tabs, next_home_tab_at
from core.services.incidents.opening import bind_channel
from core.services.operations.installation import AnotherDatabase, require_known
from core.services.operations.restore import settle
from core.services.shared.notices import NoticeKind
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

from .answers import (
    CALL_ERRORS,
    GiveUp,
    Join,
    Later,
    Meaning,
    PostAnew,
    PostThreadAnew,
    backoff,
    is_no_look_up,
    meaning,
    of_file,
    unforeseen_backoff,
)
from .channels import is_final, make_channel, wanted_channel
from .claims import (
    FURNISHING,
    Claim,
    claim_next,
    forget_headline,
    is_known_gone,
    is_token_known_bad,
    lock_claimed,
    next_due_at,
    show_at,
    take_turn,
)
from .furnishing import after_refusal, follow_up, furnish, log_given_up, wanted_for
from .home import HomePublisher
from .refusals import enqueue_files, enqueue_refusal
from .rendering import Rendered, render
from .slack import Found, SlackCalls

BUSY_SECONDS = 0.2  # at least between checks while a notice waits for another of its thread
NO_PLACE = frozenset({*CHANNEL_IS_GONE, "not_in_channel"})
ALARM_AFTER = 3  # failed attempts at rendering a notice
EXECUTIONS = (f"{Prefix.RUNBOOK_EXECUTION}_", f"{Prefix.WORKFLOW_EXECUTION}_")
IDLE_SECONDS = 10.0  # at most between checks while nothing is due: a notification wakes the poster earlier

log = structlog.get_logger()


@dataclass(frozen=True)
class Sent:
    """A message in the channel: its ts, the wanted state that it shows, and for details the number of steps shown.

    `is_silent`: nothing was posted, because there was nothing new to show.
    """

    ts: str | None
    shows: int
    steps_shown: int | None
    is_silent: bool = False


@dataclass(frozen=True)
class Poster:
    """One of any number of posters."""

    unit_of_work: UnitOfWorkFactory
    client: WebClient
    links: RunLinks

    def deliver_one(self) -> bool:
        """Deliver the next notice, or else publish a Home tab, if it may be sent now. Returns True if there was one."""
        return (
            self._deliver_notice() or HomePublisher(self.unit_of_work, self.client, self.links).publish_one()
        )

    def _deliver_notice(self) -> bool:
        try:
            claim = self._claim()
        except AnotherDatabase:
            settle(self.unit_of_work)
            claim = self._claim()
        if claim is None:
            return False
        try:
            with delivery(self.unit_of_work, claim):
                self._deliver(claim)
        except CALL_ERRORS as error:
            understand = after_refusal if claim.kind in FURNISHING else meaning
            self._put_off(claim, understand(error, claim.attempts))
        except DATABASE_IS_AWAY:
            raise
        except Exception as error:  # noqa: BLE001 an unforeseen error in one notice must not hold up the others
            self._put_off(claim, self._unforeseen(claim, error))
        return True

    def _claim(self) -> Claim | None:
        with self.unit_of_work.begin() as work:
            require_known(work.session)
            return claim_next(work.session, work.now)

    def _unforeseen(self, claim: Claim, error: Exception) -> Later:
        """Retry later after a bug of ours, which another release may fix. Logs one error if it persists."""
        if claim.attempts == ALARM_AFTER:
            log.error("a message cannot be rendered", notice=claim.notice_id, kind=claim.kind, exc_info=error)
        return Later(unforeseen_backoff(claim.attempts), f"{type(error).__name__}: {error}", uncertain=True)

    def _deliver(self, claim: Claim) -> None:
        if claim.channel is None:
            self._make_channel(claim)
            return
        if claim.kind in FURNISHING:
            self._furnish(claim, claim.channel)
            return
        with self.unit_of_work.begin() as work:
            rendered = render(work, claim, self.links)
            mark_home_tabs(work, claim.incident_id, claim.subject_id)
        self._delivered(claim, self._send(claim, claim.channel, rendered), rendered.files)

    def _send(self, claim: Claim, channel: str, rendered: Rendered) -> Sent:
        calls = SlackCalls(self.client)
        message = rendered.message
        if rendered.file is not None:
            return self._upload(calls, claim, channel, rendered.file)
        if message is None:
            return Sent(claim.message_ts, rendered.shows, rendered.steps_shown, is_silent=True)
        if claim.message_ts is not None:
            calls.update(channel, claim.message_ts, message)
            return Sent(claim.message_ts, rendered.shows, rendered.steps_shown)
        if claim.uncertain and not is_disabled("look-up"):
            found = _look_up(calls, claim, channel, rendered.part)
            if found is not None:
                return _sent_before(found, rendered)
        fail_point("post.before")
        ts = calls.post(channel, message, claim.thread_ts, broadcast=rendered.broadcast)
        fail_point("post.after")
        return Sent(ts, rendered.shows, rendered.steps_shown)

    def _upload(self, calls: SlackCalls, claim: Claim, channel: str, file: OutputFile) -> Sent:
        """Upload a file, unless an earlier attempt that got no answer has done so."""
        if not claim.uncertain or is_disabled("look-up") or not _look_up(calls, claim, channel, 0):
            fail_point("post.before")
            calls.upload(channel, file, claim.thread_ts)
            fail_point("post.after")
        return Sent(None, claim.wanted, None)

    def _furnish(self, claim: Claim, channel: str) -> None:
        """Pin or bookmark."""
        with self.unit_of_work.begin() as work:
            wanted = wanted_for(work, claim, self.links)
        furnish(self.client, channel, wanted, self.links)
        self._delivered(claim, Sent(None, claim.wanted, None), ())

    def _make_channel(self, claim: Claim) -> None:
        """Create the incident's channel. Its card is then claimed again, to be posted there."""
        with self.unit_of_work.begin() as work:
            incident = work.session.get_one(Incident, claim.incident_id)
            wanted = wanted_channel(incident, members_of(work, incident.team_id))
        channel = make_channel(self.client, wanted)
        with self.unit_of_work.begin() as work:
            bind_channel(work, claim.incident_id, channel, work.now)
            notice = lock_claimed(work.session, claim)
            if notice is not None:
                notice.leased_until, notice.attempts, notice.error = None, 0, None

    def _delivered(self, claim: Claim, sent: Sent, files: Sequence[int]) -> None:
        """Record the delivery, and enqueue the `files` that it announces.

        A detail notice is never updated: each reply is a new message, so its ts is not kept. An uncertain one stays
        uncertain: in a restored database, its next reply may have been posted, too.
        """
        with self.unit_of_work.begin() as work:
            notice = lock_claimed(work.session, claim)
            if notice is None:
                return
            notice.delivered, notice.leased_until = sent.shows, None
            notice.uncertain = sent.steps_shown is not None and claim.uncertain
            notice.attempts, notice.error = 0, None
            take_turn(notice, work.now)
            if sent.is_silent and claim.channel is not None:
                claims.release(work.session, claims.post_scope(claim.channel))
            enqueue_files(work, notice, files)
            if sent.steps_shown is not None:
                notice.content = {**notice.content, "told": sent.steps_shown}
            else:
                show_at(notice, sent.ts)
            if claim.message_ts is None and sent.ts is not None:
                follow_up(work, claim, self.links)

    def _put_off(self, claim: Claim, what: Meaning) -> None:
        if isinstance(what, Join):
            what = self._join(claim)
        if isinstance(what, PostThreadAnew):
            with self.unit_of_work.begin() as work:
                forget_headline(work.session, claim)
        if claim.kind is NoticeKind.FILE:
            what = of_file(what)
        with self.unit_of_work.begin() as work:
            notice = lock_claimed(work.session, claim)
            if notice is not None:
                _note(work, notice, claim, what)
            if isinstance(what, Later) and what.scope_held and claim.channel is not None:
                scope = claims.scope_of(claim.kind, claim.channel, claim.message_ts)
                claims.hold(work.session, scope, work.now + what.delay)
        if isinstance(what, GiveUp) and claim.channel and what.reason in NO_PLACE:
            # In a transaction of its own: it locks the incident first, as all others do.
            with self.unit_of_work.begin() as work:
                channel_changed(work, claim.channel, ChannelNews.REFUSED)
        if claim.channel is None and is_final(what):
            with self.unit_of_work.begin() as work:
                no_channel(work, claim.incident_id, what.reason)

    def _join(self, claim: Claim) -> Meaning:
        """Join the channel and retry, the first time at once. An uncertain call stays uncertain."""
        if claim.channel is None:
            return GiveUp("not_in_channel")
        try:
            SlackCalls(self.client).join(claim.channel)
        except CALL_ERRORS as error:
            refused = meaning(error, claim.attempts)
            return GiveUp("not_in_channel") if isinstance(refused, Join) else refused
        return Later(backoff(claim.attempts) if claim.attempts else timedelta(0), "not_in_channel")

    def patience(self) -> float:
        """Return how many seconds to wait for a notification, when nothing can be delivered now."""
        with self.unit_of_work.begin() as work:
            until = work.now + timedelta(seconds=IDLE_SECONDS)
            due = next_due_at(work.session, until) or until, next_home_tab_at(work, until) or until
        return max((min(due) - work.now).total_seconds(), BUSY_SECONDS)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set. Waits for the database while it is away."""
        database = Outage("poster", "the database")
        while not stop.is_set():
            try:
                with listening(self.unit_of_work.engine) as connection:
                    database.end()
                    self._run_listening(connection, stop)
            except (*DATABASE_IS_AWAY, psycopg.OperationalError, psycopg.InterfaceError) as error:
                database.begin(error)
            except Exception as error:
                log.error("the poster failed and starts again", exc_info=error)
            stop.wait(1)

    def _run_listening(self, connection: "psycopg.Connection[object]", stop: threading.Event) -> None:
        while not stop.is_set():
            while not stop.is_set() and self.deliver_one():
                pass
            await_notification(connection, self.patience(), stop)


def _sent_before(found: Found, rendered: Rendered) -> Sent:
    """Return the message that arrived earlier. One of another generation of the database must be shown again."""
    is_ours = found.payload.get("generation", 1) == rendered.generation
    return Sent(found.ts, int(found.payload["shows"]) if is_ours else 0, found.payload.get("told"))


def _look_up(calls: SlackCalls, claim: Claim, channel: str, part: int) -> Found | None:
    """Return the message if it did arrive. Where Slack does not let us look, it is posted again rather than lost."""
    try:
        return calls.find(channel, claim.notice_id, part, claim.thread_ts)
    except SlackApiError as error:
        if not is_no_look_up(error):
            raise
        log.warning(
            "an uncertain message cannot be looked up", channel=channel, reason=error.response["error"]
        )
        return None


def _note(work: UnitOfWork, notice: Notice, claim: Claim, what: Meaning) -> None:
    """Record why it did not arrive, and when it is retried. An uncertain notice stays uncertain."""
    notice.leased_until, notice.uncertain = None, claim.uncertain
    match what:
        case Later(delay, reason, uncertain):
            if reason in NEEDS_AN_ADMIN and not is_token_known_bad(work.session, notice):
                log.error(
                    "Slack refuses our token", reason=reason, hint="Check SLACK_BOT_TOKEN and its scopes."
                )
            notice.due_at, notice.error = work.now + delay, reason
            notice.uncertain = (uncertain or claim.uncertain) and notice.message_ts is None
            log.warning(
                "a message is delayed", reason=reason, again_in=delay.total_seconds(), **_about(notice)
            )
        case PostAnew():
            show_at(notice, None)
            notice.uncertain = False
        case GiveUp(reason) if claim.kind in FURNISHING:
            log_given_up(work.session, notice, reason)
            notice.abandoned_at, notice.error = work.now, reason
        case GiveUp(reason):
            is_news = not (reason in CHANNEL_IS_GONE and is_known_gone(work.session, notice))
            notice.abandoned_at, notice.error = work.now, reason
            enqueue_refusal(work, notice, reason)
            if is_news:
                log.error("a message will never arrive", reason=reason, **_about(notice))


def _about(notice: Notice) -> dict[str, str]:
    """Return the log fields of a notice: its id, its subject and its channel."""
    subject = {"execution": notice.subject_id} if notice.subject_id.startswith(EXECUTIONS) else {}
    found = {"incident": notice.incident_id, "channel": notice.channel, **subject}
    present = {name: value for name, value in found.items() if value}
    return {"notice": notice.id, "kind": notice.kind, **present}


@contextmanager
def listening(engine: Engine) -> Iterator["psycopg.Connection[object]"]:
    """Open a connection of its own that receives NOTIFY."""
    url = engine.url.set(drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, connect_timeout=5, **LIVENESS) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield connection
