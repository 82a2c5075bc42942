"""The app on a real database, with Slack's API unreachable: nothing here needs it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from slack_bolt import App

from bot.app import create_bolt_app
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.world import set_up
from tests.snapshots import Snapshots

NOBODY_LISTENS = "http://127.0.0.1:9/api/"


@dataclass
class ResponseUrl:
    """Stands for Slack's `response_url`: keeps what is said there."""

    url: str
    said: "Queue[dict[str, object]]" = field(default_factory=Queue)

    def next_text(self) -> str:
        return str(self.said.get(timeout=10)["text"])


@pytest.fixture
def response_url() -> Iterator[ResponseUrl]:
    said: Queue[dict[str, object]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield ResponseUrl(f"http://127.0.0.1:{server.server_port}/", said)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def company(unit_of_work: UnitOfWorkFactory, snapshots: Snapshots) -> UnitOfWorkFactory:
    snapshots.begin_with(unit_of_work, set_up)
    return unit_of_work


@pytest.fixture
def app(company: UnitOfWorkFactory) -> App:
    return create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=NOBODY_LISTENS)


@pytest.fixture
def slack(app: App, response_url: ResponseUrl) -> Slack:
    return Slack(app, response_url.url)
