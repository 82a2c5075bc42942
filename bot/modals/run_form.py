"""The form in which a person enters a runbook's parameters, and starting the run from it."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.cards.blocks import Block
from bot.cards.words import bounded, escape
from bot.modals import fields
from bot.modals.fields import PREFIX, entered, input_blocks
from core.definitions.parameters import Schema, declared, parse_key_values
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.unit_of_work import UnitOfWorkFactory
from core.values.execution import Json

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
View = dict[str, object]


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
    blocks = input_blocks(schema, given)
    metadata = json.dumps(asdict(subject))
    ids = [str(block["block_id"]) for block in blocks]
    if not blocks or len(blocks) > fields.BLOCKS or len(metadata) > fields.PRIVATE_METADATA:
        return None
    if any(len(block_id) > fields.BLOCK_ID for block_id in ids):
        return None
    return _modal(name, blocks) | {
        "callback_id": CALLBACK_ID,
        "submit": {"type": "plain_text", "text": "Run"},
        "private_metadata": metadata,
    }


def _modal(title: str, blocks: list[Block]) -> View:
    shown = title if len(title) <= fields.TITLE else title[: fields.TITLE - 1] + "…"
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": shown},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


@dataclass(frozen=True)
class Submitted:
    """The result of a submitted form: the run was requested (`said`), or fields must be corrected (`errors`)."""

    said: str = ""
    errors: Mapping[str, str] | None = None


@dataclass
class _Form:
    """What was entered. `schema`: of the runbook's parameters, as soon as they were read by it."""

    state: Mapping[str, Any]
    schema: Schema = field(default_factory=dict)

    def read(self, schema: Schema) -> Mapping[str, Json]:
        """Raises InvalidInput for what is no value of its parameter."""
        self.schema = schema
        return parse_key_values(entered(self.state, schema), schema)


def submit(unit_of_work: UnitOfWorkFactory, view: Mapping[str, Any], user_id: str) -> Submitted:
    """Start the run, once for each view. Raises core's errors if no field is at fault."""
    subject = subject_of(view)
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        runbook = find_runbook(work, person, subject.runbook_id)
        incident = find_incident(work, person, subject.incident_id)
        form = _Form(view["state"])
        try:
            row = start_by_person(work, person, Start(runbook, incident, form.read, f"slack:{view['id']}"))
        except InvalidInput as error:
            return Submitted(errors=_errors(error, form.schema))
        return Submitted(
            f"▶️ {escape(row.runbook_name)} v{row.runbook_version} requested for inc-{incident.number} ({row.id})."
        )


def subject_of(view: Mapping[str, Any]) -> Subject:
    return Subject(**json.loads(view["private_metadata"]))


def _errors(error: InvalidInput, schema: Mapping[str, object]) -> dict[str, str]:
    """Return the errors by block id, as Slack shows them under the fields. One without a field goes to the first.

    Raises the error itself if the form has no fields.
    """
    names = list(declared(schema))
    if not names:
        raise error
    found: dict[str, str] = {}
    for problem in error.problems or (error,):
        name = str(getattr(problem, "field", None) or "").split(".")[0]
        found.setdefault(f"{PREFIX}{name if name in names else names[0]}", str(problem))
    return found


def refusal(title: str, sentence: str) -> View:
    """Return the view that replaces the form and says why it was refused."""
    text = {"type": "mrkdwn", "text": bounded(sentence, fields.SECTION_TEXT)}
    return _modal(title, [{"type": "section", "text": text}])
