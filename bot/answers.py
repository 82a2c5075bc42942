"""Errors as sentences for people in Slack, and ephemeral replies through a `response_url`."""

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import structlog
from slack_sdk.webhook import WebhookClient
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import bounded, escape_sentence, link, moment
from bot.pages.links import RunLinks
from core.database import DATABASE_IS_AWAY, is_too_late
from core.decisions.gate_decisions import DecidedBefore, TooLate
from core.errors import LockHeld, NotAllowed, RunbookError

log = structlog.get_logger()

DATABASE_GONE = (*DATABASE_IS_AWAY, PoolTimeout)
SECONDS = 3
SLACK_HOST, SLACK_HOOKS = "slack.com", "hooks.slack.com"  # GovSlack's is hooks.slack-gov.com
SLACK_API = f"https://{SLACK_HOST}/api/"
NOWHERE = RunLinks("", "")


def sentence(error: Exception, links: RunLinks = NOWHERE) -> str:
    """Return the sentence of an error: core's own text, or for any other error an id that is logged and shown.

    `links`: to the page of a run that holds a lock, if there are pages.
    """
    if isinstance(error, RunbookError):
        said = f"{'⛔' if isinstance(error, NotAllowed) else '⚠️'} {_linked(error, links)}"
        return bounded(said, MESSAGE_TEXT)
    if isinstance(error, PoolTimeout) or is_too_late(error):
        log.warning("a request was abandoned", error=type(error).__name__)
        return "⚠️ The service is overloaded. Nothing was changed; try again in a moment."
    reference = f"err_{secrets.token_hex(4)}"
    log.error("request failed", reference=reference, exc_info=error)
    if isinstance(error, DATABASE_GONE):
        return (
            "⚠️ The database cannot be reached. Your request may have taken effect: check before you try again. "
            f"({reference})"
        )
    return f"⚠️ Something went wrong on our side. Give the operators this id: {reference}."


def _linked(error: RunbookError, links: RunLinks) -> str:
    said = _in_own_zone(error, escape_sentence(str(error)))
    holder = error.holder if isinstance(error, LockHeld) else None
    page = links.page(holder) if holder else ""
    return said.replace(holder, link(page, holder)) if holder and page else said


def _in_own_zone(error: RunbookError, said: str) -> str:
    """Return the sentence with its time, if it has one, in the reader's zone."""
    found = error.moment if isinstance(error, TooLate | DecidedBefore) else None
    if found is None:
        return said
    form = "{time}" if found.is_recent else "{date_short_pretty} {time}"
    return said.replace(found.words, moment(found.at, form), 1)


class EphemeralReplier:
    """Replies to one person through a `response_url`, on threads of its own.

    If Slack's API is down, the sentence is lost, and nothing else. It posts only to Slack's own address, or to that of
    `api_url` where it stands in for Slack.
    """

    def __init__(self, api_url: str = SLACK_API) -> None:
        self._api_url = api_url
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reply")

    def __call__(self, response_url: str, text: str, *, replace: bool = False) -> "Future[None]":
        """Send `text`. `replace`: it replaces the message whose button was pressed."""
        future = self._executor.submit(_send, response_url, text, replace, self._api_url)
        future.add_done_callback(_log_failure)
        return future


def is_slacks(response_url: str, api_url: str) -> bool:
    """Return True for an address of our Slack: on hooks.slack.com, or on the host of its API."""
    try:
        asked, api = urlsplit(response_url), urlsplit(api_url)
        _ = asked.port  # raises ValueError for an invalid port
    except ValueError:
        return False
    if asked.username is not None or asked.hostname is None:
        return False
    if asked.scheme == "https" and asked.hostname in (SLACK_HOOKS, f"hooks.{api.hostname}"):
        return asked.port in (None, 443)
    return api.hostname != SLACK_HOST and (asked.scheme, asked.hostname) == (api.scheme, api.hostname)


def _send(response_url: str, text: str, replace: bool, api_url: str) -> None:
    """Send it once: a repeated sentence is worse than a lost one."""
    if not is_slacks(response_url, api_url):
        log.warning("reply not sent: response_url is not Slack's", host=urlsplit(response_url).hostname)
        return
    client = WebhookClient(response_url, timeout=SECONDS, retry_handlers=[])
    response = client.send(text=text, response_type="ephemeral", replace_original=replace)
    if response.status_code != 200:
        log.warning("reply not sent", status=response.status_code, answer=response.body)


def _log_failure(future: "Future[None]") -> None:
    error = future.exception()
    if error is not None:
        log.warning("reply not sent", error=str(error))
