"""The poster: takes the next owed notice, shows Slack the state of this moment, writes down what became of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
import structlog
from slack_sdk import WebClient
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from core.service import Service
from core.services.incidents import bind_channel
from core.services.notices import CHANNEL
from core.services.people import members_of
from core.tables import Incident, Notice

from . import pace
from .answers import CALL_ERRORS, GiveUp, Join, Later, Meaning, PostAnew, meaning
from .channels import channel_name, make_channel
from .claims import Claim, claim_next, lock_claimed, owed
from .rendering import TELLS, Rendered, render
from .slack import SlackCalls

BUSY_SECONDS = 0.2  # between looks while something is owed but held by Slack's pace
IDLE_SECONDS = 5.0  # at most between looks while nothing is: a notification wakes us before

log = structlog.get_logger()


@dataclass(frozen=True)
class Poster:
    """One of any number of posters."""

    service: Service
    client: WebClient
    public_url: str = ""

    def deliver_one(self) -> bool:
        """Deliver the next notice, if one may go now. Returns whether there was one."""
        with self.service.transaction() as work:
            claim = claim_next(work.session, work.now)
        if claim is None:
            return False
        try:
            self._deliver(claim)
        except CALL_ERRORS as error:
            self._put_off(claim, meaning(error, claim.attempts))
        return True

    def _deliver(self, claim: Claim) -> None:
        if claim.channel is None:
            claim = replace(claim, channel=self._make_channel(claim))
        with self.service.transaction() as work:
            rendered = render(work, claim, self.public_url)
        ts = self._send(claim, rendered)
        self._delivered(claim, rendered, ts)

    def _send(self, claim: Claim, rendered: Rendered) -> str | None:
        """The message's ts; for a notice that was there before, its own."""
        calls = SlackCalls(self.client)
        message = rendered.message
        assert claim.channel is not None
        if message is None or message.metadata is None:
            return claim.message_ts
        if claim.message_ts is not None:
            calls.update(claim.channel, claim.message_ts, message)
            return claim.message_ts
        if claim.uncertain:
            found = calls.find(claim.channel, claim.notice_id, rendered.part, claim.thread_ts)
            if found is not None:
                return found
        return calls.post(claim.channel, message, claim.thread_ts, broadcast=claim.kind in TELLS)

    def _make_channel(self, claim: Claim) -> str:
        with self.service.transaction() as work:
            incident = work.session.get_one(Incident, claim.incident_id)
            name, topic = channel_name(incident.number, incident.title), incident.title
            members = members_of(work, incident.team_id)
        channel = make_channel(self.client, name, topic, members)
        with self.service.transaction() as work:
            bind_channel(work, claim.incident_id, channel, work.now)
        return channel

    def _delivered(self, claim: Claim, rendered: Rendered, ts: str | None) -> None:
        """A detail notice is never updated: each of its replies is a message of its own, so its ts is let go."""
        with self.service.transaction() as work:
            notice = lock_claimed(work.session, claim)
            if notice is None:
                return
            notice.delivered, notice.leased_until, notice.uncertain = claim.wanted, None, False
            notice.attempts, notice.error = 0, None
            if rendered.message is None and claim.channel is not None:
                pace.release(work.session, pace.post_scope(claim.channel))
            if rendered.told is not None:
                notice.content = {**notice.content, "told": rendered.told}
            else:
                notice.message_ts = ts

    def _put_off(self, claim: Claim, what: Meaning) -> None:
        if isinstance(what, Join) and claim.channel is not None:
            what = self._join(claim.channel)
        with self.service.transaction() as work:
            notice = lock_claimed(work.session, claim)
            if notice is not None:
                _note(notice, what, work.now)
            if isinstance(what, Later) and what.scope_held and claim.channel is not None:
                scope = pace.UPDATE if claim.message_ts else pace.post_scope(claim.channel)
                pace.hold(work.session, scope, work.now + what.delay)

    def _join(self, channel: str) -> Meaning:
        try:
            SlackCalls(self.client).join(channel)
        except CALL_ERRORS as error:
            refused = meaning(error, 0)
            return GiveUp("not_in_channel") if isinstance(refused, Join) else refused
        return PostAnew()

    def is_owing(self) -> bool:
        """Whether anything is owed, now or later."""
        with self.service.engine.connect() as connection:
            return connection.execute(select(Notice.id).where(*owed()).limit(1)).first() is not None

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set. A database that is away is waited for."""
        while not stop.is_set():
            try:
                with listening(self.service.engine) as connection:
                    self._run_listening(connection, stop)
            except (OperationalError, psycopg.OperationalError) as error:
                log.warning("poster cannot reach the database", error=str(error))
                stop.wait(1)

    def _run_listening(self, connection: "psycopg.Connection[object]", stop: threading.Event) -> None:
        while not stop.is_set():
            while not stop.is_set() and self.deliver_one():
                pass
            patience = BUSY_SECONDS if self.is_owing() else IDLE_SECONDS
            _await_notification(connection, patience, stop)


def _note(notice: Notice, what: Meaning, now: datetime) -> None:
    """Write down why it did not arrive, and when it is tried again."""
    notice.leased_until = None
    match what:
        case Later(delay, reason, uncertain):
            notice.due_at, notice.error = now + delay, reason
            notice.uncertain = uncertain and notice.message_ts is None
        case PostAnew():
            notice.message_ts, notice.uncertain = None, False
        case GiveUp(reason):
            notice.abandoned_at, notice.error = now, reason
            log.error("a message will never arrive", notice=notice.id, kind=notice.kind, reason=reason)


def _await_notification(
    connection: "psycopg.Connection[object]", patience: float, stop: threading.Event
) -> None:
    """Until a notice is owed, or patience ends; in short waits, so that `stop` is heard."""
    waited = 0.0
    while waited < patience and not stop.is_set():
        pause = min(0.5, patience - waited)
        if any(connection.notifies(timeout=pause, stop_after=1)):
            return
        waited += pause


@contextmanager
def listening(engine: Engine) -> Iterator["psycopg.Connection[object]"]:
    """A connection of its own that hears NOTIFY."""
    url = engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield connection
