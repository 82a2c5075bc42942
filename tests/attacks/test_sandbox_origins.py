"""A page of another site, in the same browser, attacks the sandbox on a developer's machine."""

import json
from collections.abc import Iterator, Mapping

import httpx2
import pytest

from slack_sandbox.config import DEMO_CHANNELS, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox

JSON = {"Content-Type": "application/json"}
SAID = {"user": "U0ALICE", "channel": DEMO_CHANNELS[0].id, "text": "drop it all"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox(WorkspaceConfig()) as running:
        yield running


def post(sandbox: RunningSandbox, path: str, body: object, headers: Mapping[str, str]) -> httpx2.Response:
    return httpx2.post(f"{sandbox.url}{path}", content=json.dumps(body), headers=headers, trust_env=False)


def said(sandbox: RunningSandbox) -> list[str]:
    messages = httpx2.get(f"{sandbox.url}/sandbox/api/log", trust_env=False).json()["messages"]
    return [message["text"] for message in messages[SAID["channel"]]]


@pytest.mark.parametrize(
    "headers",
    [
        JSON | {"Origin": "https://evil.example"},
        JSON | {"Origin": "null"},
        JSON | {"Origin": "http://localhost:1"},
        JSON | {"Sec-Fetch-Site": "cross-site"},
        JSON | {"Sec-Fetch-Site": "same-site"},
        JSON | {"Host": "evil.example"},
        JSON | {"Host": "127.0.0.1.evil.example"},
        JSON | {"Host": "127.0.0.1:1"},
        JSON | {"Host": "evil@127.0.0.1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=application/json"},
        {},
    ],
    ids=str,
)
def test_another_page_says_nothing_in_anybodys_name(sandbox: RunningSandbox, headers: dict[str, str]) -> None:
    """Red before: Alice said it, or whoever the page named; so every approval could be pressed."""
    assert post(sandbox, "/sandbox/api/messages", SAID, headers).status_code in (403, 415)
    assert SAID["text"] not in said(sandbox)


@pytest.mark.parametrize(
    "path", ["/sandbox/api/stream?user=U0ALICE", "/sandbox/api/state", "/sandbox/api/log"]
)
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_page_reads_nothing(sandbox: RunningSandbox, path: str, headers: dict[str, str]) -> None:
    """Red before: a page that rebound its name to 127.0.0.1 read every message."""
    with httpx2.stream("GET", f"{sandbox.url}{path}", headers=headers, trust_env=False) as answer:
        assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/archives/C0GENERAL/p1", "/static/js/main.js", "/api/api.test"])
def test_a_rebound_name_gets_nothing_at_all(sandbox: RunningSandbox, path: str) -> None:
    """Red before: the page and the Web API answered to any name."""
    headers = {"Host": "evil.example"}
    assert httpx2.get(f"{sandbox.url}{path}", headers=headers, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://evil.example/",
        "http://127.0.0.1@evil.example/",
        "file:///etc/passwd",
    ],
)
def test_the_sandbox_posts_to_this_machine_alone(sandbox: RunningSandbox, url: str) -> None:
    """Red before: it delivered wherever it was told to."""
    assert post(sandbox, "/sandbox/api/app", {"request_url": url}, JSON).status_code == 400
    with pytest.raises(ValueError, match="only to this machine"):
        WorkspaceConfig.model_validate({"app": {"request_url": url}})


def test_its_own_page_and_programs_on_this_machine_are_served(sandbox: RunningSandbox) -> None:
    port = sandbox.url.rpartition(":")[2]
    own = JSON | {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    localhost = {
        "Host": f"localhost:{port}",
        "Origin": f"http://localhost:{port}",
        "Content-Type": "Application/JSON; charset=utf-8",
    }

    for number, headers in enumerate((own, localhost, JSON)):
        assert post(sandbox, "/sandbox/api/messages", SAID | {"text": f"hello {number}"}, headers).json()[
            "ok"
        ]
    assert {"hello 0", "hello 1", "hello 2"} <= set(said(sandbox))
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert httpx2.get(sandbox.url, headers=link, trust_env=False).status_code == 200
    bot = {"Authorization": "Bearer xoxb-sandbox"}
    assert httpx2.post(f"{sandbox.url}/api/auth.test", headers=bot, trust_env=False).json()["ok"]
