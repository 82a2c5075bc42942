"""Furnish an incident's channel: pin its card, and bookmark the page of its newest run.

Each is found again after a crash, and so is never there twice. What the app has no scope for is given up and logged
once; nothing else waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pages.links import RunLinks
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.tables import Notice, RunbookExecution
from core.unit_of_work import UnitOfWork

from .answers import GiveUp, Join, Later, Meaning, is_scope_missing, meaning
from .claims import Claim

LONGEST_TITLE = 100
# The scope that each needs: https://docs.slack.dev/reference/methods/pins.add and bookmarks.add
SCOPES: Mapping[NoticeKind, str] = {
    NoticeKind.PIN: "pins:write",
    NoticeKind.BOOKMARK: "bookmarks:read, bookmarks:write",
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Wanted:
    """What is to be there. `card`: the ts of the incident's card; `title` and `link`: of the bookmark."""

    card: str | None = None
    title: str = ""
    link: str = ""


def follow_up(work: UnitOfWork, claim: Claim, links: RunLinks) -> None:
    """Enqueue what a message that was just posted entails, in the transaction that records it."""
    if claim.kind is NoticeKind.INCIDENT:
        notices.want_again(work, NewNotice(NoticeKind.PIN, claim.incident_id, claim.incident_id))
    elif claim.kind is NoticeKind.HEADLINE and links.public_url and claim.thread_of is None:
        notices.want_again(work, NewNotice(NoticeKind.BOOKMARK, claim.incident_id, claim.incident_id))


def wanted_for(work: UnitOfWork, claim: Claim, links: RunLinks) -> Wanted:
    """Return what the claim is to bring about, as the database has it now."""
    if claim.kind is NoticeKind.PIN:
        card = select(Notice.message_ts).where(
            Notice.kind == NoticeKind.INCIDENT, Notice.subject_id == claim.incident_id
        )
        return Wanted(card=work.session.scalar(card))
    of_incident = (
        RunbookExecution.incident_id == claim.incident_id, RunbookExecution.parent_execution_id.is_(None)
    )  # fmt: skip
    newest = (
        select(RunbookExecution).where(*of_incident).order_by(RunbookExecution.created_at.desc()).limit(1)
    )
    row = work.session.scalars(newest).first()
    if row is None:
        return Wanted()
    return Wanted(title=f"Run: {row.runbook_name}"[:LONGEST_TITLE], link=links.page(row.id))


def furnish(client: WebClient, channel: str, wanted: Wanted, links: RunLinks) -> None:
    """Bring it about. Raises WebClient's errors."""
    if wanted.card is not None:
        pin(client, channel, wanted.card)
    elif wanted.link:
        bookmark(client, channel, wanted, f"{links.public_url.rstrip('/')}/runs/")


def pin(client: WebClient, channel: str, ts: str) -> None:
    """Pin the message. Slack refuses a second pin itself: https://docs.slack.dev/reference/methods/pins.add."""
    try:
        client.pins_add(channel=channel, timestamp=ts)
    except SlackApiError as error:
        if error.response["error"] != "already_pinned":
            raise


def bookmark(client: WebClient, channel: str, wanted: Wanted, ours: str) -> None:
    """Make the bookmark that we have there lead to the link, or add it.

    Slack would add it twice: https://docs.slack.dev/reference/methods/bookmarks.add. `ours`: how our links begin.
    """
    found = client.bookmarks_list(channel_id=channel)["bookmarks"]
    known = [each for each in found if str(each.get("link", "")).startswith(ours)]
    if not known:
        client.bookmarks_add(channel_id=channel, title=wanted.title, type="link", link=wanted.link)
    elif not _is_same_page(str(known[0]["link"]), wanted.link):
        changed = {"title": wanted.title, "link": wanted.link}
        client.bookmarks_edit(bookmark_id=known[0]["id"], channel_id=channel, **changed)


def _is_same_page(link: str, other: str) -> bool:
    """The signature at the end of a link has a time in it, and so differs each time."""
    return link.partition("?")[0] == other.partition("?")[0]


def after_refusal(error: Exception, attempts: int) -> Meaning:
    """Return what to do after a call that failed. Only what may succeed another time is retried."""
    if isinstance(error, SlackApiError) and is_scope_missing(error):
        return GiveUp("missing_scope")
    what = meaning(error, attempts)
    if isinstance(what, Later | GiveUp | Join):
        return what
    return GiveUp(str(error.response["error"]) if isinstance(error, SlackApiError) else str(error))


def log_given_up(session: Session, notice: Notice, reason: str) -> None:
    """Log it, once for each kind and reason: the same would be said of every incident."""
    same = (Notice.kind == notice.kind, Notice.error == reason, Notice.id != notice.id)
    others = select(Notice.id).where(*same, Notice.abandoned_at.is_not(None)).limit(1)
    if notice.error != reason and session.scalar(others) is None:
        kind = NoticeKind(notice.kind)
        log.warning(
            f"a {kind} is left out", reason=reason, scopes=SCOPES[kind],
            hint="Add the scopes and install the app anew; messages and runs go on without them.",
        )  # fmt: skip
