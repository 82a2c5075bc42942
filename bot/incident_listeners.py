"""The listeners of incidents: the buttons of their cards, and their forms."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.answers import sentence
from bot.cards.home import NEW_INCIDENT
from bot.cards.incident import ESCALATE, NOTE
from bot.entry_points import EVENTS as IN_THE_POLICY
from bot.incident_buttons import INCIDENT_BUTTONS, INCIDENT_FORMS, open_incident_form, press_incident
from bot.modals import escalate_form, incident_form, note_form
from bot.modals.deeds import OLD_FORM, Shown
from bot.modals.form import Submitted, refusal
from bot.modals.incident_form import Opening
from bot.modals.opening import Opener
from bot.tell import Tell, place_of
from core.decisions.people import Person
from core.errors import InvalidInput, RunbookError
from core.services.access.people import load_person
from core.services.incidents.home import open_home_tab
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

HOME_OPENED = "app_home_opened"
NO_FORM = "The form cannot be shown. Type in the incident's channel: `/runbook {typed}`"
TYPED = {ESCALATE: "incident escalate SEVERITY", NOTE: "note TEXT"}

Submits = Callable[[UnitOfWork, Person, Mapping[str, Any]], Submitted]


@dataclass(frozen=True)
class IncidentListeners:
    """The listeners. `tell` replies to the person alone."""

    unit_of_work: UnitOfWorkFactory
    open_modal: Opener
    tell: Tell

    def register(self, app: App) -> None:
        for action_id in INCIDENT_BUTTONS:
            app.action(action_id)(self.on_button)
        for action_id in INCIDENT_FORMS:
            app.action(action_id)(self.on_form_button)
        app.action(NEW_INCIDENT)(self.on_new)
        for callback_id in FORMS:
            app.view(callback_id)(self.on_form)
        if HOME_OPENED in IN_THE_POLICY:
            app.event(HOME_OPENED)(self.on_home_opened)

    def on_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Act, and say what came of it: the card is updated a moment later."""
        value, user_id = action.get("value", ""), body["user"]["id"]
        self.tell(body, press_incident(self.unit_of_work, action["action_id"], value, user_id))
        return ack()

    def on_form_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Open the form. If that fails, say how to do it without the form."""
        shown = Shown(action.get("value", ""), body.get("response_url", ""))
        view = open_incident_form(self.unit_of_work, action["action_id"], shown, body["user"]["id"])
        if not self.open_modal(body["trigger_id"], view):
            self.tell(body, NO_FORM.format(typed=TYPED[action["action_id"]]))
        return ack()

    def on_new(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        """Open the form for a new incident."""
        opening = Opening(place_of(body), body.get("response_url", ""))
        with self.unit_of_work.begin() as work:
            person = load_person(work, body["user"]["id"], source="slack")
            view = incident_form.incident_form(work, person, opening)
        if not self.open_modal(body["trigger_id"], view):
            self.tell(body, "The form cannot be shown. Type: `/runbook incident open TITLE`")
        return ack()

    def on_home_opened(self, event: dict[str, Any]) -> None:
        """Have the person's Home tab published. https://docs.slack.dev/reference/events/app_home_opened"""
        if event.get("tab", "home") == "home":
            self.unit_of_work.run(lambda work: open_home_tab(work, str(event["user"])))

    def on_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        """Submit. A field's error is shown under the field; any other refusal replaces the form.

        Where there is no channel to reply in, the reply replaces the form, too.
        """
        title = view["title"]["text"]
        try:
            submitted = self._submit(view, body["user"]["id"])
        except RunbookError as error:
            return ack(response_action="update", view=refusal(title, sentence(error)))
        if submitted.errors is not None:
            return ack(response_action="errors", errors=dict(submitted.errors))
        if not (response_url := _response_url(view)):
            return ack(response_action="update", view=refusal(title, submitted.said))
        self.tell({"response_url": response_url}, submitted.said)
        return ack()

    def _submit(self, view: Mapping[str, Any], user_id: str) -> Submitted:
        submits = FORMS[view["callback_id"]]
        return self.unit_of_work.run(
            lambda work: submits(work, load_person(work, user_id, source="slack"), view)
        )


def _submit_incident(work: UnitOfWork, person: Person, view: Mapping[str, Any]) -> Submitted:
    try:
        opening = Opening(**json.loads(view["private_metadata"]))
    except (ValueError, TypeError):
        raise InvalidInput(OLD_FORM) from None
    return incident_form.submit_incident(work, person, view, opening)


FORMS: Mapping[str, Submits] = {
    incident_form.CALLBACK_ID: _submit_incident,
    note_form.CALLBACK_ID: note_form.submit_note,
    escalate_form.CALLBACK_ID: escalate_form.submit_escalation,
}


def _response_url(view: Mapping[str, Any]) -> str:
    """Return where the form's opener is replied to. What is stored is ours: Slack signed the request."""
    return str(json.loads(view["private_metadata"]).get("response_url", ""))
