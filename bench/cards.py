"""Measure how runs are shown in Slack: against the sandbox with Slack's rate limits, in real time.

How often a card is updated while forty steps run in three seconds; and how long it takes until the last of many runs
at once is shown in its final state, with its outcome and its output. Nothing may be refused or lost.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
from sqlalchemy import func, select

from bench.definitions import CHANNEL, FORTY_STEADY_STEPS, PERSON, TEAM, THREE_STEPS
from bench.place import Place
from bench.processes import await_that
from bench.report import Line, Section
from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from cli.roles.worker import executor_of
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.tables import Incident, Notice
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox

CHANNELS = tuple(f"C0BENCH{number}" for number in range(50))
IN_ONE_CHANNEL = 20
WORKERS = 4
PATIENCE = 300.0  # seconds: a channel gets one message a second, and twenty runs have sixty
APP = AppConfig(request_url=None, events=())
Call = Mapping[str, Any]


def workspace() -> WorkspaceConfig:
    """Return a workspace with the bench's own channel and fifty more, and with Slack's rate limits."""
    channels = tuple(ChannelConfig(id=each, name=each.lower()) for each in (CHANNEL, *CHANNELS))
    return WorkspaceConfig(users=(UserConfig(id=PERSON, name="bench"),), channels=channels, app=APP)


def measure_cards(place: Place) -> Section:
    """Measure one long run, many runs in one channel, and one run in each of many channels."""
    with place.unit_of_work.begin() as work:
        here = work.session.get_one(Incident, place.incident_id)
    elsewhere = [_incident(place, channel) for channel in CHANNELS]
    lines: list[Line] = []
    for name, runbook, incidents in (
        ("forty steps in three seconds", FORTY_STEADY_STEPS, [here]),
        (f"{IN_ONE_CHANNEL} runs at once in one channel", THREE_STEPS, [here] * IN_ONE_CHANNEL),
        (f"{len(CHANNELS)} runs at once in {len(CHANNELS)} channels", THREE_STEPS, elsewhere),
    ):
        with RunningSandbox(workspace()) as slack, _posting(place, slack):
            lines.append(Line(name, None, _measure(place, slack, runbook, incidents)))
    return Section("Runs as Slack shows them, with Slack's rate limits", lines)


def _incident(place: Place, channel: str) -> Incident:
    with place.unit_of_work.begin() as work:
        person = load_person(work, PERSON, source="bench")
        return open_incident(work, person, NewIncident(f"In {channel}", TEAM, slack_channel=channel))


@contextmanager
def _posting(place: Place, slack: RunningSandbox) -> Iterator[None]:
    """Run one poster, as its process does."""
    stop = threading.Event()
    client = open_client(APP.bot_token, slack.api_url)
    poster = Poster(place.composition.unit_of_work, client, RunLinks("", ""))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(poster.run, stop)
        try:
            await_that(
                "what was owed before is posted", lambda: _owed(place) == 0, pause=0.2, patience=PATIENCE
            )
            yield
        finally:
            stop.set()
            running.result()


def _measure(place: Place, slack: RunningSandbox, runbook: str, incidents: Sequence[Incident]) -> str:
    """Start the runs, wait until everything about them is shown, and return the figures in words."""
    before, began = len(_calls(slack)), time.monotonic()
    runs = [_start(place, runbook, incident) for incident in incidents]
    _work(place, runs)
    ended = time.monotonic() - began
    await_that("everything is shown", lambda: _owed(place) == 0, pause=0.2, patience=PATIENCE)
    shown = time.monotonic() - began
    calls = _calls(slack)[before:]
    updates = sum(call["method"] == "chat.update" for call in calls)
    refused = sum(not call["ok"] for call in calls)
    lost = len(runs) - sum(_is_told(calls, run) for run in runs)
    return (
        f"{updates} updates, {len(calls) - updates} other calls, {refused} refused, {lost} lost; "
        f"the runs ended after {ended:.1f} s, all was shown after {shown:.1f} s"
    )


def _start(place: Place, runbook: str, incident: Incident) -> str:
    with place.unit_of_work.begin() as work:
        person = load_person(work, PERSON, source="bench")
        bound = work.session.get_one(Incident, incident.id)
        return start_by_person(work, person, Start(find_runbook(work, person, runbook), bound, {})).id


def _work(place: Place, runs: Sequence[str]) -> None:
    executor = executor_of(place.composition, place.environment)
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(executor.run, RUNBOOK, run) for run in runs]:
            done.result()


def _owed(place: Place) -> int:
    query = select(func.count()).where(Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
    with place.unit_of_work.begin() as work:
        return work.session.scalars(query).one()


def _calls(slack: RunningSandbox) -> list[Call]:
    calls: list[Call] = httpx2.get(f"{slack.url}/sandbox/api/log", trust_env=False).json()["calls"]
    return calls


def _is_told(calls: Sequence[Call], run: str) -> bool:
    """Return True if the last state of the run's card is its end, and its outcome and its output were posted."""
    about = [
        call["arguments"] for call in calls if f".{run}" in str(call["arguments"].get("blocks", [""])[0])
    ]
    kinds = {str(each["blocks"][0]["block_id"]).partition(".")[0] for each in about}
    cards = [each for each in about if str(each["blocks"][0]["block_id"]).startswith("headline.")]
    return {"headline", "detail", "outcome"} <= kinds and "succeeded" in str(cards[-1]["text"])
