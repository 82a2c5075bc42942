"""The form in which a person enters the values that a run asks for, and answering from it."""

from collections.abc import Mapping
from typing import Any

from bot.cards.blocks import section
from bot.cards.words import bounded, escape_message
from bot.modals.form import Entered, Purpose, Submitted, View, form_view
from bot.modals.limits import SECTION_TEXT
from core.decisions.people import Person
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.runs.inputs import answer_input, check_can_answer, find_input
from core.tables import InputRequest, RunbookExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

CALLBACK_ID = "input.form"


def input_form(
    work: UnitOfWork, person: Person, asked: InputRequest, given: Mapping[str, object]
) -> View | None:
    """Return the view for `views.open`; None if it exceeds Slack's limits. `given`: what was typed already.

    Raises NotAllowed if the person may not answer, and Conflict if it is too late: nobody fills in a form for nothing.
    """
    check_can_answer(work, person, asked)
    run = work.session.get_one(RunbookExecution, asked.execution_id)
    question = section(bounded(escape_message(asked.message), SECTION_TEXT))
    purpose = Purpose(CALLBACK_ID, run.runbook_name, "Answer", asked.id)
    return form_view(purpose, asked.schema, given, [question])


def open_form(unit_of_work: UnitOfWorkFactory, input_id: str, user_id: str) -> tuple[View | None, str]:
    """Return the form, or None if Slack cannot show it, and the id of the run. Raises core's errors."""
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        asked = find_input(work, person, input_id)
        return input_form(work, person, asked, {}), asked.execution_id


def submit_input(unit_of_work: UnitOfWorkFactory, view: Mapping[str, Any], user_id: str) -> Submitted:
    """Answer, once for each view. Raises core's errors if no field is at fault."""

    def act(work: UnitOfWork) -> Submitted:
        person = load_person(work, user_id, source="slack")
        asked, form = find_input(work, person, view["private_metadata"]), Entered(view["state"])
        try:
            answer_input(work, person, asked, form.read, request_key=f"slack:{view['id']}")
        except InvalidInput as error:
            return Submitted(errors=form.errors(error))
        return Submitted()

    return unit_of_work.run(act)
