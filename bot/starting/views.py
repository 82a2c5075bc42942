"""The views that lead to a run: the picker, and the form of what was picked. Each is made in its own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.answers import sentence
from bot.commands.usage import usage_line
from bot.modals.fields import NONE_FETCHED
from bot.modals.form import View, modal, refusal
from bot.modals.opening import Build, Slow
from bot.modals.picker import TITLE, picker_blocks
from bot.modals.run_form import CALLBACK_ID, Chosen, choose, run_form, without_form
from bot.modals.subjects import ForIncident, Subject
from bot.pages.links import RunLinks
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.definitions.choices import Fetched, written_choices
from core.effects.choices import Asking, ChoiceFetcher
from core.errors import NotFound
from core.services.access.people import load_person
from core.services.incidents.opening import find_incident, incident_of_channel
from core.services.incidents.searching import incidents_to_run_for
from core.services.library.runnable import runnable_for
from core.tables import Incident
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

NOTHING_OPEN = "No incident of your teams is open, and a runbook runs for an incident."
NOTHING_TO_RUN = "There is no approved runbook for incidents of team {team}."


@dataclass(frozen=True)
class StartingViews:
    """Makes the views. A refusal becomes a view, too, so that a person never waits for nothing."""

    unit_of_work: UnitOfWorkFactory
    links: RunLinks
    choices: ChoiceFetcher | None = None

    def picker(self, user_id: str, subject: Subject, channel_id: str = "") -> Build:
        """Return what makes the picker, for the subject's incident, or that of the channel; else it is chosen first."""
        return self._safely(lambda: self._picker(user_id, subject, channel_id))

    def form(self, user_id: str, subject: Subject, given: Mapping[str, object] | None = None) -> Build:
        """Return what makes the form of the subject's runbook. `given`: what was typed already."""
        return self._safely(lambda: self._form(user_id, subject, given or {}))

    def _safely(self, build: Build) -> Build:
        def made() -> View | Slow:
            try:
                return build()
            except Exception as error:  # noqa: BLE001 the person looks at a view that says "one moment"
                return refusal("Not possible", sentence(error, self.links))

        return made

    def _picker(self, user_id: str, subject: Subject, channel_id: str) -> View:
        with self.unit_of_work.begin() as work:
            person = load_person(work, user_id, source="slack")
            found = _incident(work, person, subject, channel_id)
            if found is None:
                return _choosing_incident(work, person, subject)
            check_may_respond(person, found.team.name, "run runbooks", Action.RUNBOOK_RUN)
            if not runnable_for(work, person, found):
                said = NOTHING_TO_RUN.format(team=found.team.name)
                raise NotFound(
                    said, hint="An admin of the team writes one, and a platform admin approves it."
                )
            incident = ForIncident.of(found)
        return _picker_view(incident, replace(subject, incident_id=incident.id))

    def _form(self, user_id: str, subject: Subject, given: Mapping[str, object]) -> View | Slow:
        with self.unit_of_work.begin() as work:
            chosen = choose(work, load_person(work, user_id, source="slack"), subject)
        if self.choices is None or not any(written_choices(chosen.definition.parameters)):
            return _form_view(chosen, subject, given, NONE_FETCHED)
        fetcher, asking = self.choices, _asking(chosen, user_id)

        def fetch() -> View:
            fetched = fetcher.fetch(chosen.definition.parameters, asking)
            return _form_view(chosen, subject, given, fetched)

        return Slow(chosen.definition.name, fetch)


def _asking(chosen: Chosen, user_id: str) -> Asking:
    return Asking(chosen.definition.team, chosen.incident.scope, user_id)


def _incident(work: UnitOfWork, person: Person, subject: Subject, channel_id: str) -> Incident | None:
    """Return the incident that is meant; None if there is none, or none that the person may see."""
    if subject.incident_id:
        return find_incident(work, person, subject.incident_id)
    found = incident_of_channel(work, channel_id) if channel_id else None
    return found if found and person.may_see(found.team.name, Action.INCIDENT_READ) else None


def _choosing_incident(work: UnitOfWork, person: Person, subject: Subject) -> View:
    if not incidents_to_run_for(work, person, "", most=1):
        raise NotFound(NOTHING_OPEN, hint="Open one: `/runbook incident open TITLE`")
    return _picker_view(None, replace(subject, chooses_incident=True))


def _picker_view(incident: ForIncident | None, subject: Subject) -> View:
    stored = replace(subject, picks=True, runbook_id="", version=0, confirmed="")
    blocks = picker_blocks(incident, None, chooses_incident=subject.chooses_incident)
    return modal(TITLE, blocks) | {"callback_id": CALLBACK_ID, "private_metadata": stored.text()}


def _form_view(chosen: Chosen, subject: Subject, given: Mapping[str, object], fetched: Fetched) -> View:
    definition = chosen.definition
    usage = usage_line("/runbook", definition.name, definition.parameters)
    return run_form(chosen, subject, given, fetched) or without_form(chosen, usage)
