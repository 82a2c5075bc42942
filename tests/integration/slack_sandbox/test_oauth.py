"""Installing an app with OAuth v2: consent, code, token, scopes."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.people import ALICE, GENERAL, People

APP = AppConfig(client_id="1.2", client_secret="shh", scopes=())
BACK = "http://127.0.0.1:9/oauth"


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(app=APP.model_copy(update={"redirect_urls": (BACK,)}), enforce_rate_limits=False)


def asked(**more: str) -> dict[str, str]:
    return {"client_id": "1.2", "scope": "chat:write,commands", "redirect_uri": BACK, "state": "s&1", **more}


def decide(slack: RunningSandbox, answer: str, **more: str) -> Json:
    """What the browser is sent back with."""
    form = asked(user=ALICE, answer=answer, **more)
    sent = httpx2.post(f"{slack.url}/oauth/v2/decide", data=form)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


def test_an_app_is_allowed_and_gets_its_token_once(slack: RunningSandbox, client: WebClient) -> None:
    consent = httpx2.get(f"{slack.url}/oauth/v2/authorize", params=asked())
    assert "<code>chat:write</code>" in consent.text
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.chat_postMessage(channel=GENERAL, text="not yet")
    back = decide(slack, "allow")
    assert back["state"] == "s&1"
    exchange = {"client_id": "1.2", "client_secret": "shh", "code": back["code"], "redirect_uri": BACK}
    answer = WebClient(base_url=slack.api_url).oauth_v2_access(**exchange)
    assert (answer["access_token"], answer["scope"]) == (APP.bot_token, "chat:write,commands")
    assert answer["authed_user"] == {"id": ALICE}
    assert client.chat_postMessage(channel=GENERAL, text="now")["ok"]
    with pytest.raises(SlackApiError, match="code_already_used"):
        WebClient(base_url=slack.api_url).oauth_v2_access(**exchange)


def test_a_refusal_and_a_wrong_secret(slack: RunningSandbox, people: People) -> None:
    assert decide(slack, "deny") == {"error": "access_denied", "state": "s&1"}
    web = WebClient(base_url=slack.api_url)
    code = decide(slack, "allow")["code"]
    with pytest.raises(SlackApiError, match="bad_client_secret"):
        web.oauth_v2_access(client_id="1.2", client_secret="wrong", code=code)
    with pytest.raises(SlackApiError, match="invalid_client_id"):
        web.oauth_v2_access(client_id="9", client_secret="shh", code=code)
    people.do("/clock", seconds=601)
    with pytest.raises(SlackApiError, match="invalid_code"):
        web.oauth_v2_access(client_id="1.2", client_secret="shh", code=code)
    assert "shh" not in str(people.look("/log"))


@pytest.mark.parametrize(
    "redirect", ["https://evil.example/", "http://127.0.0.1:9/elsewhere", "javascript:1"]
)
def test_nobody_is_sent_elsewhere(slack: RunningSandbox, redirect: str) -> None:
    page = httpx2.get(f"{slack.url}/oauth/v2/authorize", params=asked(redirect_uri=redirect))
    assert (page.status_code, "bad_redirect_uri" in page.text) == (400, True)
    form = asked(user=ALICE, answer="allow", redirect_uri=redirect)
    assert httpx2.post(f"{slack.url}/oauth/v2/decide", data=form).status_code == 400


def test_no_other_page_allows_for_a_person_or_frames_the_question(slack: RunningSandbox) -> None:
    form, elsewhere = asked(user=ALICE, answer="allow"), {"Origin": "http://127.0.0.1:8000"}
    assert httpx2.post(f"{slack.url}/oauth/v2/decide", data=form, headers=elsewhere).status_code == 403
    from_the_app = {"Sec-Fetch-Site": "same-site"}
    page = httpx2.get(
        f"{slack.url}/oauth/v2/authorize", params=asked(state='"><script>'), headers=from_the_app
    )
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_a_token_that_was_given_back_does_nothing(slack: RunningSandbox, client: WebClient) -> None:
    assert client.auth_revoke(test=True)["revoked"] is False
    assert client.auth_revoke()["revoked"] is True
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
