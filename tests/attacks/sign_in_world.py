"""A browser that signs in to the attacked deployment, with the sandbox as the provider."""

import html
import re
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
from starlette.testclient import TestClient

from bot.directory import SlackDirectory
from bot.limits import RateLimit
from bot.pages.access.openid import SlackOpenId
from bot.pages.access.sign_in import SlackSignIn
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.decisions.installation import Workspace
from slack_sandbox.config import AppConfig, TeamConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    WEB_ADMIN,
    WEB_OPS,
    Deployment,
)

PUBLIC = "http://127.0.0.1:9"
LINKS = RunLinks(PUBLIC, "the signing secret")
GUEST, ELSEWHERE = "U0GUEST", "U0ELSEWHERE"
APP = AppConfig(client_id="12.34", client_secret="the client secret", redirect_urls=(f"{PUBLIC}/",))
TEAM = TeamConfig(id="T0ACME", name="Acme", domain="acme")
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
FORM = re.compile(r'<form (?:class="who" )?method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)


def workspace() -> WorkspaceConfig:
    people = (PLATFORM, DATA_ADMIN, DATA_OPS, WEB_ADMIN, WEB_OPS, NOBODY)
    users = [UserConfig(id=each, name=each.lower(), real_name=each) for each in people]
    users.append(UserConfig(id=GUEST, name="guest", real_name="Guest", is_restricted=True))
    users.append(UserConfig(id=ELSEWHERE, name="elsewhere", real_name="Elsewhere", team_id="T0OTHER"))
    return WorkspaceConfig(team=TEAM, users=tuple(users), app=APP, enforce_rate_limits=False)


def open_to_browsers(deployment: Deployment, slack: RunningSandbox, links: RunLinks = LINKS) -> None:
    """Let people sign in with Slack, as `runbook web` does where SLACK_CLIENT_ID is set."""
    directory = SlackDirectory(APP.bot_token, slack.api_url)
    sign_in = SlackSignIn(
        SlackOpenId(APP.oauth_client_id, APP.client_secret, slack.api_url),
        lambda: Workspace(TEAM.id),
        partial(directory.ask_about, deployment.unit_of_work),
    )
    rest = RestSettings(limit=RateLimit(rate=1_000_000.0, burst=1_000_000))
    deployment.web = create_web(
        deployment.unit_of_work,
        slack=None,
        rest=rest,
        pages=PageSettings(links, sign_in),
        newest_revision=None,
    )


@dataclass
class Browser:
    """It keeps cookies, and follows no redirect by itself."""

    deployment: Deployment
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = TestClient(
            self.deployment.web, PUBLIC, raise_server_exceptions=False, follow_redirects=False
        )

    def begin(self, back: str = "/") -> dict[str, str]:
        """Go to Slack, and return what is asked of it."""
        sent = self.client.get("/sign-in", params={"back": back})
        assert sent.status_code == 307, sent.text
        return dict(parse_qsl(urlsplit(sent.headers["location"]).query))

    def allow(self, slack: RunningSandbox, asked: dict[str, str], person: str) -> dict[str, str]:
        """Allow it at Slack as this person, and return what comes back."""
        form = {**asked, "user": person, "answer": "allow"}
        sent = httpx2.post(f"{slack.url}/openid/connect/decide", data=form)
        assert sent.status_code == 302, sent.text
        query = parse_qs(urlsplit(sent.headers["location"]).query)
        return {name: values[0] for name, values in query.items()}

    def sign_in(self, slack: RunningSandbox, person: str, back: str = "/") -> httpx2.Response:
        return self.finish(self.allow(slack, self.begin(back), person))

    def finish(self, returned: dict[str, str]) -> httpx2.Response:
        return self.client.get("/sign-in/callback", params=returned)

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path)

    def forms(self, path: str) -> dict[str, dict[str, str]]:
        """The hidden fields of each form of a page, by where it is sent."""
        found = self.get(path)
        assert found.status_code == 200, found.text
        return {
            action: {name: html.unescape(value) for name, value in FIELD.findall(inside)}
            for action, inside in FORM.findall(found.text)
        }

    def send(self, action: str, fields: dict[str, str], **headers: str) -> httpx2.Response:
        return self.client.post(action, data=fields, headers=headers)
