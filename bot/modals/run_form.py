"""The form in which a person enters a runbook's parameters, and starting the run from it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.blocks import Block, context, section, sections
from bot.cards.runbook import approval_lines, lock_line, step_lines
from bot.cards.words import bounded, code, counted, escape, one_line
from bot.modals.elements import plain
from bot.modals.fields import NONE_FETCHED, input_blocks
from bot.modals.form import Around, Entered, Purpose, Submitted, View, form_around, modal
from bot.modals.limits import OPTION_TEXT, SECTION_TEXT
from bot.modals.picker import picker_blocks
from bot.modals.subjects import ForIncident, Subject, subject_of
from core.decisions.people import Person
from core.decisions.team_scope import check_may_run
from core.definitions.choices import Fetched
from core.definitions.parameters import check_parameters
from core.definitions.runbook import RunbookDefinition
from core.definitions.secrets import parted
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import check_runnable, definition_of, find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.tables import Incident, Runbook
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.values.execution import Json

CALLBACK_ID = "run.form"
DESCRIPTION_LENGTH = 600
MOST_VALUES = 40
VALUE_LENGTH = 300


@dataclass(frozen=True)
class Chosen:
    """The runbook that was chosen, for an incident, as values that are good after their transaction."""

    runbook_id: str
    version: int
    definition: RunbookDefinition
    incident: ForIncident

    @classmethod
    def of(cls, runbook: Runbook, incident: Incident) -> "Chosen":
        """Read the newest version. Raises StoredDefinitionInvalid."""
        return cls(runbook.id, runbook.version, definition_of(runbook), ForIncident.of(incident))


def choose(work: UnitOfWork, person: Person, subject: Subject) -> Chosen:
    """Return what the subject names, for a person who could start it. Raises what `start_by_person` raises."""
    runbook = find_runbook(work, person, subject.runbook_id)
    incident = find_incident(work, person, subject.incident_id)
    check_may_run(person, runbook.name, runbook.team.name if runbook.team else None, incident.team.name)
    check_runnable(runbook)
    return Chosen.of(runbook, incident)


def run_form(
    chosen: Chosen, subject: Subject, given: Mapping[str, object], fetched: Fetched = NONE_FETCHED
) -> View | None:
    """Return the view for `views.open`; None if it exceeds Slack's limits, for example with too many fields.

    What the runbook is stands above the fields, and what it does below them: on a phone, the fields are at hand.
    """
    subject = replace(
        subject, runbook_id=chosen.runbook_id, incident_id=chosen.incident.id, version=chosen.version
    )
    around = Around((*_picked(chosen, subject), *_about(chosen)), tuple(_below(chosen)))
    purpose = Purpose(CALLBACK_ID, chosen.definition.name, "Run", subject.text())
    return form_around(purpose, input_blocks(chosen.definition.parameters, given, fetched), around)


def _picked(chosen: Chosen, subject: Subject) -> list[Block]:
    if not subject.picks:
        return []
    name = f"{chosen.definition.name} · {chosen.definition.team or 'global'}"
    option: Block = {"text": plain(name, OPTION_TEXT), "value": chosen.runbook_id}
    return picker_blocks(chosen.incident, option, chooses_incident=subject.chooses_incident)


def _about(chosen: Chosen) -> list[Block]:
    """Return the description, whose it is, which version, and who will have to approve."""
    definition = chosen.definition
    description = bounded(escape(definition.description.strip()), DESCRIPTION_LENGTH)
    owner = f"team {escape(definition.team)}" if definition.team else "global"
    facts = f"{owner} · v{chosen.version} · for inc-{chosen.incident.number}"
    lines = [facts, *approval_lines(definition, chosen.incident.team), lock_line(definition)]
    return [*([section(description)] if description else []), context("\n".join(filter(None, lines)))]


def _below(chosen: Chosen) -> list[Block]:
    lines = [
        f"*What it does, in {counted(len(chosen.definition.steps), 'step')}*",
        *step_lines(chosen.definition),
    ]
    return [{"type": "divider"}, *sections(lines)]


def without_form(chosen: Chosen, usage: str) -> View:
    """Return the view for a runbook whose parameters no form can hold. `usage`: what to type instead."""
    said = f"The parameters of *{escape(chosen.definition.name)}* do not fit into a form. Type: {code(usage, 1_000)}"
    return modal(chosen.definition.name, [section(said)])


def submit(unit_of_work: UnitOfWorkFactory, view: Mapping[str, Any], user_id: str) -> Submitted:
    """Start the run, once for each view. Raises core's errors if no field is at fault."""
    subject = subject_of(view)
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        runbook = find_runbook(work, person, subject.runbook_id)
        incident = find_incident(work, person, subject.incident_id)
        form = Entered(view["state"])
        start = Start(runbook, incident, form.read, f"slack:{view['id']}", version=subject.version or None)
        try:
            asked = _to_confirm(work, person, subject, form) if runbook.definition.get("confirm") else None
            if asked is not None:
                return Submitted(then=asked)
            row = start_by_person(work, person, start)
        except InvalidInput as error:
            return Submitted(errors=form.errors(error))
        return Submitted(
            f"▶️ {escape(row.runbook_name)} v{row.runbook_version} requested for inc-{incident.number} ({row.id})."
        )


def _to_confirm(work: UnitOfWork, person: Person, subject: Subject, form: Entered) -> View | None:
    """Return the view that shows the values and asks; None if exactly these were shown.

    It holds the fields, too: Slack keeps what was entered, so that no value has to be stored in between, and a secret
    is in no view (https://docs.slack.dev/reference/views/modal-views, "Preserving input entry in views").
    """
    chosen = choose(work, person, subject)
    schema = chosen.definition.parameters
    shown, _ = parted(schema, check_parameters(schema, form.read(schema)))
    digest = hashlib.sha256(json.dumps([chosen.version, shown], sort_keys=True).encode()).hexdigest()
    if subject.confirmed == digest:
        return None
    asked = replace(subject, confirmed=digest, version=chosen.version, picks=False)
    purpose = Purpose(CALLBACK_ID, chosen.definition.name, "Run now", asked.text())
    change: Block = {"type": "divider"}
    above = (section(bounded("\n".join(_values(chosen, shown)), SECTION_TEXT)), change)
    return form_around(purpose, input_blocks(schema, shown), Around(above))


def _values(chosen: Chosen, shown: Mapping[str, Json]) -> list[str]:
    about = f"*{escape(chosen.definition.name)}* v{chosen.version} for inc-{chosen.incident.number}"
    given = list(shown.items())
    lines = [f"• {escape(name)}: {code(value, VALUE_LENGTH)}" for name, value in given[:MOST_VALUES]]
    more = [f"… {len(given) - MOST_VALUES} more"] if len(given) > MOST_VALUES else []
    title = escape(one_line(chosen.incident.title))
    lead = f"⚠️ Run {about} ({title})" + (" with these values?" if lines else "?")
    last = "*Run now* starts it." + (" To change a value, change it below." if lines else "")
    return [lead, *lines, *more, last]
