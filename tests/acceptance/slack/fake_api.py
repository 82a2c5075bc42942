"""A Slack API that takes views, refuses them, or hangs."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_sandbox.block_kit.views import checked_view


@dataclass
class FakeApi:
    """`opened`: the views, each found good by Slack's rules, with the trigger it came on. `error`: what it answers."""

    url: str = ""
    opened: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    error: str = ""
    hangs: bool = False
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_api() -> Iterator[FakeApi]:
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if api.hangs:
                api.over.wait(20)
                return
            api.opened.append((body["trigger_id"], checked_view(body["view"])))
            answer = json.dumps({"ok": not api.error} | ({"error": api.error} if api.error else {})).encode()
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
