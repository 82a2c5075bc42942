"""A Slack API that takes views and ephemeral messages, refuses them, or hangs."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from slack_sandbox.block_kit.views import checked_view


@dataclass
class FakeApi:
    """`opened`: the views, each found good by Slack's rules, with the trigger it came on. `error`: what it answers.

    `updated`: the views that replaced one; `whispered`: ephemeral messages.
    """

    url: str = ""
    opened: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    updated: "Queue[dict[str, Any]]" = field(default_factory=Queue)
    whispered: "Queue[dict[str, Any]]" = field(default_factory=Queue)
    error: str = ""
    hangs: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def next_view(self) -> dict[str, Any]:
        """The view that somebody sees next: it replaced one."""
        return dict(self.updated.get(timeout=10)["view"])

    def next_whisper(self) -> dict[str, Any]:
        return self.whispered.get(timeout=10)

    def take(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep what was called, and return the answer."""
        if method == "views.open":
            self.opened.append((body["trigger_id"], checked_view(body["view"])))
        elif method == "views.update" and not self.error:
            self.updated.put({**body, "view": checked_view(body["view"])})
        elif method == "chat.postEphemeral":
            self.whispered.put(body)
        if self.error:
            return {"ok": False, "error": self.error}
        return {"ok": True, "view": {"id": "V1", "hash": f"h{self.updated.qsize()}"}}


@contextmanager
def running_api() -> Iterator[FakeApi]:
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            if api.hangs:
                api.over.wait(20)
                return
            answer = json.dumps(api.take(self.path.rpartition("/")[2], body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
