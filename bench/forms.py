"""Measure how soon forms are acknowledged with twenty people at once: opening one, and sending what was entered.

Slack's API is played by a server that answers after a while, as Slack does: the acknowledgement of the command that
opens a form must not depend on it.
"""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from bench.definitions import FORM, PERSON
from bench.place import SIGNING_SECRET, Place
from bench.processes import running_web
from bench.report import Line, Section, milliseconds, summarize
from bench.slash_command import FORM as URLENCODED
from bench.slash_command import form
from core.errors import Conflict
from slack_sandbox.signatures import signed_headers

AT_ONCE = 20
WARM_UP = 2
SLACK_SECONDS = 0.15
View = dict[str, Any]
VIEW = {"id": "V0BENCH", "hash": "1.0", "type": "modal"}


def measure_forms(place: Place, *, rounds: int) -> Section:
    """Have each of twenty clients open and send `rounds` forms, all at once."""
    with _slack() as (api_url, views):
        served = replace(place, environment={**place.environment, "SLACK_API_URL": api_url})
        with running_web(served), ThreadPoolExecutor(AT_ONCE) as pool:
            opened = _at_once(served, pool, rounds, _open)
            view = _last_form(views)
            sent = _at_once(served, pool, rounds, lambda client: _send(client, view))
    return Section(
        f"A form, with {AT_ONCE} people at once; Slack's API answers after {1000 * SLACK_SECONDS:.0f} ms",
        [
            Line(
                "the command that opens it, acknowledged",
                summarize(milliseconds(opened)),
                "Slack waits for 3,000",
            ),
            Line("what was entered, acknowledged", summarize(milliseconds(sent)), "each starts a run"),
        ],
    )


class _Client:
    """One person's connection to the web process."""

    def __init__(self, place: Place) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", int(place.environment["PORT"]), timeout=30)

    def post(self, body: str) -> float:
        """Send what Slack would, and return the seconds until the whole answer has arrived."""
        content = body.encode()
        headers = {"Content-Type": URLENCODED, **signed_headers(SIGNING_SECRET, content, datetime.now(UTC))}
        start = time.perf_counter()
        self._connection.request("POST", "/slack/events", content, headers)
        response = self._connection.getresponse()
        answer = response.read()
        seconds = time.perf_counter() - start
        if response.status != http.client.OK or b'"errors"' in answer or b"refus" in answer:
            raise Conflict(f"It was answered {response.status}: {answer.decode()}")
        return seconds

    def close(self) -> None:
        self._connection.close()


def _at_once(
    place: Place, pool: ThreadPoolExecutor, rounds: int, act: Callable[[_Client], float]
) -> list[float]:
    """Have all clients act at the same moment, round after round; return the seconds of all but the first rounds."""
    start = threading.Barrier(AT_ONCE)

    def play() -> list[float]:
        client, seconds = _Client(place), []
        for _ in range(WARM_UP + rounds):
            start.wait()
            seconds.append(act(client))
        client.close()
        return seconds[WARM_UP:]

    playing = [pool.submit(play) for _ in range(AT_ONCE)]
    return [seconds for each in playing for seconds in each.result()]


def _open(client: _Client) -> float:
    return client.post(form(f"run {FORM}"))


def _send(client: _Client, view: View) -> float:
    """Send the view as a person who chose a cluster does. Each is a view of its own, and so starts a run."""
    values = {
        block["block_id"]: {block["element"]["action_id"]: _entered(block["element"])}
        for block in view["blocks"]
        if block["type"] == "input"
    }
    sent = {**view, "id": f"V{secrets.token_hex(5)}", "hash": "1.0", "state": {"values": values}}
    payload = {
        "type": "view_submission",
        "team": {"id": "T0BENCH", "domain": "bench"},
        "user": {"id": PERSON, "team_id": "T0BENCH"},
        "api_app_id": "A0BENCH",
        "trigger_id": f"bench.{time.monotonic_ns()}",
        "view": sent,
        "response_urls": [],
    }
    return client.post(urlencode({"payload": json.dumps(payload)}))


def _entered(element: View) -> View:
    if element["type"] == "static_select":
        return {"type": "static_select", "selected_option": element["options"][0]}
    return {"type": element["type"], "value": "the disk is full"}


def _last_form(views: Sequence[View]) -> View:
    """Return the newest view that has fields; the first to be opened may only say that it is loading."""
    forms = [view for view in views if any(block["type"] == "input" for block in view["blocks"])]
    if not forms:
        raise Conflict("No form was opened.")
    return forms[-1]


@contextmanager
def _slack() -> Iterator[tuple[str, list[View]]]:
    """Play Slack's API: yield its address, and the views that it is sent."""
    views: list[View] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(SLACK_SECONDS)
            if "/views." in self.path:
                views.append(json.loads(body)["view"])
            answer = json.dumps({"ok": True, "view": VIEW}).encode()
            self.send_response(http.client.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing: the report does."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/", views
    finally:
        server.shutdown()
        server.server_close()
