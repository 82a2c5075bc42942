"""Publish the Home tabs that are due, within Slack's rate limits.

views.publish is tier 4, 100+ a minute: https://docs.slack.dev/reference/methods/views.publish.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

import structlog
from slack_sdk import WebClient
from sqlalchemy import select

from bot.cards.home import home_blocks, home_view
from bot.pages.links import RunLinks
from core.errors import NotAllowed
from core.services.access.people import load_person
from core.services.incidents.home import (
    HomeClaim,
    claim_home_tab,
    digest_of_view,
    forget_home_tab,
    home_published,
    home_put_off,
    see_home,
)
from core.tables import SlackPace
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.views.home import Home

from .answers import CALL_ERRORS, Later, meaning, unforeseen_backoff
from .claims import hold

PUBLISH = "views.publish"
PUBLISH_EVERY = timedelta(seconds=0.6)

log = structlog.get_logger()


@dataclass(frozen=True)
class HomePublisher:
    """Publishes Home tabs, one at a time."""

    unit_of_work: UnitOfWorkFactory
    client: WebClient
    links: RunLinks

    def publish_one(self) -> bool:
        """Publish the tab that is due longest, if one may be published now. Returns True if there was one."""
        with self.unit_of_work.begin() as work:
            claim = None if _is_held(work) else claim_home_tab(work)
        if claim is None:
            return False
        try:
            self._publish(claim)
        except CALL_ERRORS as error:
            self._put_off(claim, error)
        except Exception as error:
            log.error("a Home tab cannot be rendered", person=claim.slack_user_id, exc_info=error)
            with self.unit_of_work.begin() as work:
                home_put_off(work, claim, unforeseen_backoff(claim.attempts))
        return True

    def _publish(self, claim: HomeClaim) -> None:
        """Publish the present state. A view that has not changed is not sent."""
        with self.unit_of_work.begin() as work:
            home = _home(work, claim.slack_user_id)
            digest = digest_of_view(json.dumps(home_blocks(home, self._page_without_signature)))
            is_news = digest != claim.digest
            if is_news:
                hold(work.session, PUBLISH, work.now + PUBLISH_EVERY)
            view = home_view(home, work.now, self.links.page)
        if is_news:
            self.client.views_publish(user_id=claim.slack_user_id, view=view)
        with self.unit_of_work.begin() as work:
            home_published(work, claim, digest)

    def _page_without_signature(self, execution_id: str) -> str:
        """Return the address without its signature, which differs each time."""
        return self.links.page(execution_id).partition("?")[0]

    def _put_off(self, claim: HomeClaim, error: Exception) -> None:
        what = meaning(error, claim.attempts)
        with self.unit_of_work.begin() as work:
            if isinstance(what, Later):
                home_put_off(work, claim, what.delay)
                if what.scope_held:
                    hold(work.session, PUBLISH, work.now + what.delay)
                return
            forget_home_tab(work, claim)
        log.warning("a Home tab cannot be published", person=claim.slack_user_id, error=str(error))


def _home(work: UnitOfWork, slack_user_id: str) -> Home:
    """Return what the person sees. Guests, strangers and people who left see why they see nothing."""
    try:
        person = load_person(work, slack_user_id, source="slack")
    except NotAllowed as error:
        return Home([], 0, [], [], [], has_team=False, refusal=str(error))
    return see_home(work, person)


def _is_held(work: UnitOfWork) -> bool:
    free_at = work.session.scalar(select(SlackPace.free_at).where(SlackPace.scope == PUBLISH))
    return free_at is not None and free_at > work.now
