"""What the tests of the sandbox's page share: the app they play, and how they find their way about the page."""

import json
import queue
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import httpx2
from playwright.sync_api import Locator, Page, expect

from slack_sandbox.config import AppConfig, WorkspaceConfig

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHANNEL = "C0INCIDENTS"
Json = dict[str, Any]


class App:
    """What a Slack app is to the sandbox: takes deliveries at a URL, calls the Web API."""

    def __init__(self) -> None:
        self.received: queue.Queue[Json] = queue.Queue()
        self.events: queue.Queue[Json] = queue.Queue()
        self.answer: Json = {}
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.api_url = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def request_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def call(self, method: str, **arguments: object) -> Json:
        headers = {"Authorization": f"Bearer {AppConfig().bot_token}"}
        answer: Json = httpx2.post(self.api_url + method, json=arguments, headers=headers).json()
        assert answer["ok"], answer
        return answer

    def post(self, text: str, channel: str = CHANNEL, **arguments: object) -> str:
        return str(self.call("chat.postMessage", channel=channel, text=text, **arguments)["ts"])

    def next_delivery(self) -> Json:
        return self.received.get(timeout=10)

    def next_event(self) -> Json:
        return self.events.get(timeout=10)

    def stop(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(app) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler below has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.headers["Content-Type"] == "application/json":
                    app.events.put(json.loads(body)["event"])
                else:
                    form = {name: values[0] for name, values in parse_qs(body).items()}
                    app.received.put(json.loads(form["payload"]) if "payload" in form else form)
                app.may_answer.wait(10)
                answer = json.dumps(app.answer).encode() if app.answer else b""
                self.send_response(app.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing: the test tells what matters."""

        return Handler


def config_for(app: App) -> WorkspaceConfig:
    return WorkspaceConfig(
        app=AppConfig(request_url=app.request_url, events=()), enforce_rate_limits=False, acknowledge_within=8
    )


def enter(page: Page, url: str, user: str, channel: str = CHANNEL) -> None:
    page.goto(f"{url}/?user={user}&channel={channel}")
    expect(page.get_by_test_id("connection")).to_have_text("Live")


def messages(page: Page) -> Locator:
    return page.get_by_test_id("message-list").get_by_test_id("message")


def message(page: Page, ts: str) -> Locator:
    return page.locator(f'[data-testid="message-list"] [data-ts="{ts}"]')


def say(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("composer").press("Enter")


def button(text: str, **fields: object) -> Json:
    return {
        "type": "button",
        "text": _plain(text),
        "action_id": f"gate.{text.lower()}",
        "value": "apr_1",
        **fields,
    }


def actions(*elements: Json) -> list[Json]:
    return [{"type": "actions", "block_id": "gate", "elements": list(elements)}]


def confirmation(text: str) -> Json:
    texts = {"title": "Sure?", "text": text, "confirm": "Yes", "deny": "No"}
    return {name: _plain(content) for name, content in texts.items()}


def mistakes_of(page: Page) -> list[str]:
    """Fills up with what went wrong in the page's scripts and with what its content policy refused."""
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda said: mistakes.append(said.text) if "Content Security" in said.text else None)
    return mistakes


def modal(note: str = "A form") -> Json:
    """A note above one required field, called Reason."""
    above = {"type": "section", "block_id": "note", "text": {"type": "mrkdwn", "text": note}}
    element = {"type": "plain_text_input", "action_id": "text"}
    field = {"type": "input", "block_id": "reason", "label": _plain("Reason"), "element": element}
    return {"type": "modal", "title": _plain("Run"), "submit": _plain("Run"), "blocks": [above, field]}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def open_modal(page: Page, app: App) -> Locator:
    say(page, "/runbook run db-failover")
    command = app.next_delivery()
    assert (command["command"], command["text"]) == ("/runbook", "run db-failover")
    app.call("views.open", trigger_id=command["trigger_id"], view=modal())
    return page.get_by_test_id("modal")
