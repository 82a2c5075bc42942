"""The buttons: each is one decision of core's. What comes of it is shown by the poster, from the database."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.entrances import BUTTONS as IN_THE_POLICY
from core.decisions.people import Person
from core.errors import InvalidInput
from core.service import Service, Work
from core.services.approvals import decide_gate
from core.services.people import load_person
from core.services.retries import retry
from core.services.runs import VERDICTS, cancel, give_verdict

Deed: TypeAlias = Callable[[Work, Person, str], object]


def _decides(approved: bool) -> Deed:
    return lambda work, person, approval_id: decide_gate(work, person, approval_id, approved=approved)


def _judges(answer: str) -> Deed:
    return lambda work, person, execution_id: give_verdict(work, person, execution_id, answer)


def _retries(work: Work, person: Person, execution_id: str) -> object:
    """One person's clicks on one run are one request, however often Slack brings them."""
    key = f"slack:run.retry:{execution_id}:{person.slack_user_id}"
    return retry(work, person, execution_id, request_key=key)


# By action_id; the button's value is the id of what is decided on.
BUTTONS: Mapping[str, Deed] = {
    "approval.approve": _decides(approved=True),
    "approval.reject": _decides(approved=False),
    "run.cancel": cancel,
    "run.retry": _retries,
    **{f"verdict.{answer}": _judges(answer) for answer in VERDICTS},
}


def press(service: Service, action_id: str, value: str, user_id: str) -> None:
    """Do what the button says, in one transaction. Raises core's errors; then nothing is changed."""
    deed = BUTTONS.get(action_id)
    if deed is None or action_id not in IN_THE_POLICY:
        raise InvalidInput("This button does nothing here any more.")
    with service.transaction() as work:
        deed(work, load_person(work, user_id, source="slack"), value)
