"""The form in which a person enters a runbook's parameters, and starting the run from it."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.cards.words import escape
from bot.modals.form import Entered, Purpose, Submitted, View, form_view
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger()

# Slack waits 3 s for the acknowledgement, and a trigger_id is valid for as long:
# https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
SECONDS = 1.5


class Opener:
    """Opens views on threads of its own, so that a slow Slack delays a command by at most `SECONDS`."""

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="modal")

    def __call__(self, trigger_id: str, view: Mapping[str, object]) -> bool:
        """Open the view. Returns True if the person certainly sees it."""
        future = self._executor.submit(self._client.views_open, trigger_id=trigger_id, view=dict(view))
        try:
            future.result(timeout=SECONDS)
        except (SlackClientError, OSError, FutureTimeout) as error:
            future.cancel()
            log.warning("modal not opened", error=str(error) or type(error).__name__)
            return False
        return True


CALLBACK_ID = "run.form"


@dataclass(frozen=True)
class Subject:
    """What the form is for; stored in the view. `response_url`: of the command, for the reply."""

    runbook_id: str
    incident_id: str
    response_url: str = ""


def run_form(
    subject: Subject, name: str, schema: Mapping[str, object], given: Mapping[str, object]
) -> View | None:
    """Return the view for `views.open`; None if it exceeds Slack's limits, for example with too many fields."""
    return form_view(Purpose(CALLBACK_ID, name, "Run", json.dumps(asdict(subject))), schema, given)


def submit(unit_of_work: UnitOfWorkFactory, view: Mapping[str, Any], user_id: str) -> Submitted:
    """Start the run, once for each view. Raises core's errors if no field is at fault."""
    subject = subject_of(view)
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        runbook = find_runbook(work, person, subject.runbook_id)
        incident = find_incident(work, person, subject.incident_id)
        form = Entered(view["state"])
        try:
            row = start_by_person(work, person, Start(runbook, incident, form.read, f"slack:{view['id']}"))
        except InvalidInput as error:
            return Submitted(errors=form.errors(error))
        return Submitted(
            f"▶️ {escape(row.runbook_name)} v{row.runbook_version} requested for inc-{incident.number} ({row.id})."
        )


def subject_of(view: Mapping[str, Any]) -> Subject:
    return Subject(**json.loads(view["private_metadata"]))
