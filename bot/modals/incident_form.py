"""The form in which a person opens an incident, and opening it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cards.blocks import Block
from bot.cards.words import escape
from bot.modals.deeds import OLD_FORM, Deed, chosen, deed_view, entered_text, field, menu, option
from bot.modals.form import Submitted, View
from core.decisions.channels import FIELD
from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.errors import Conflict, InvalidInput, NotAllowed
from core.services.access.people import private_teams, team_names
from core.services.incidents.opening import NewIncident, incident_of_channel, open_incident
from core.statuses import IncidentStatus, Severity
from core.unit_of_work import UnitOfWork

CALLBACK_ID = "incident.form"
TITLE, SEVERITY, TEAM, SERVICE, DESCRIPTION, WHERE = (
    "title", "severity", "team", "service", "description", "where",
)  # fmt: skip
OWN, HERE = "own", "here"
LONGEST_TITLE, LONGEST_SERVICE, LONGEST_DESCRIPTION = 200, 250, 3_000
MOST_TEAMS = 100  # https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x85\u2028\u2029]\s*")
MEANINGS = {
    Severity.INFO: "nothing is wrong yet",
    Severity.LOW: "can wait",
    Severity.MEDIUM: "today",
    Severity.HIGH: "people are affected",
    Severity.CRITICAL: "most people are affected, or data may be lost",
}


@dataclass(frozen=True)
class Opening:
    """Where the form was opened; stored in its view. `channel`: empty in a direct message and in the Home tab."""

    channel: str = ""
    response_url: str = ""


def incident_form(work: UnitOfWork, person: Person, opening: Opening) -> View:
    """Return the view. Raises NotAllowed for who may not open incidents: nobody fills in a form for nothing."""
    teams = _teams(work, person)
    if not teams:
        raise NotAllowed(
            "You are in no team, so you cannot open an incident.", hint="Ask an admin of a team to add you."
        )
    return deed_view(Deed(CALLBACK_ID, "Open an incident", "Open"), opening, _fields(work, teams, opening))


def _teams(work: UnitOfWork, person: Person) -> list[str]:
    teams = visible_teams(person, Action.INCIDENT_OPEN)
    return team_names(work) if teams is None else sorted(teams)


def _fields(work: UnitOfWork, teams: Sequence[str], opening: Opening) -> list[Block]:
    title = {"type": "plain_text_input", "max_length": LONGEST_TITLE, "focus_on_load": True}
    details = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_DESCRIPTION}
    service = {"type": "plain_text_input", "max_length": LONGEST_SERVICE}
    return [
        field(TITLE, "What is wrong?", title, hint="In one line; it also names the channel."),
        field(SEVERITY, "Severity", _severities()),
        field(TEAM, "Team", _team_element(teams)),
        field(SERVICE, "Service", service, hint="What is affected, as runbooks name it.", optional=True),
        field(DESCRIPTION, "Details", details, optional=True),
        field(WHERE, "Where is it handled?", _places(work, teams, opening)),
    ]


def _severities() -> Block:
    options = [option(each.value, description=MEANINGS[each]) for each in reversed(Severity)]
    medium = next(each for each in options if each["value"] == Severity.MEDIUM)
    return {"type": "static_select", "options": options, "initial_option": medium}


def _team_element(teams: Sequence[str]) -> Block:
    if len(teams) <= MOST_TEAMS:
        return menu(teams, teams[0] if len(teams) == 1 else None)
    return {"type": "plain_text_input"}


def _places(work: UnitOfWork, teams: Sequence[str], opening: Opening) -> Block:
    private = private_teams(work, teams)
    kind = "Its team is invited" if not private else "Private, for the teams that say so; its team is invited"
    own = option(OWN, "A channel of its own", f"#inc-NUMBER-TITLE. {kind}.")
    here = option(HERE, "This channel", "Nobody is invited, and the topic stays as it is.")
    places = [own, here] if _is_free(work, opening.channel) else [own]
    return {"type": "radio_buttons", "options": places, "initial_option": own}


def _is_free(work: UnitOfWork, channel: str) -> bool:
    """Return False for what is no channel, and for the channel of another open incident."""
    if not channel.startswith(("C", "G")):
        return False
    last = incident_of_channel(work, channel)
    return last is None or last.status == IncidentStatus.CLOSED


def submit_incident(work: UnitOfWork, person: Person, view: Mapping[str, Any], opening: Opening) -> Submitted:
    """Open the incident, once for each view. Raises core's errors if no field is at fault."""
    try:
        new = _new(view, opening)
        incident = open_incident(work, person, new, request_key=f"slack:{view['id']}")
    except (InvalidInput, NotAllowed, Conflict) as error:
        if error.field not in BLOCKS:
            raise
        return Submitted(errors={BLOCKS[error.field]: str(error)})
    opened = f"inc-{incident.number} is open: {escape(incident.title)} ({incident.severity}, team {escape(new.team)})."
    return Submitted(opened if new.slack_channel else f"{opened} You are invited to its channel in a moment.")


BLOCKS: Mapping[str | None, str] = {
    TITLE: TITLE,
    SEVERITY: SEVERITY,
    TEAM: TEAM,
    SERVICE: SERVICE,
    DESCRIPTION: DESCRIPTION,
    FIELD: WHERE,
}


def _new(view: Mapping[str, Any], opening: Opening) -> NewIncident:
    """Return what was entered. Raises InvalidInput, naming the field."""
    return NewIncident(
        title=checked_title(entered_text(view, TITLE)),
        team=chosen(view, TEAM) or entered_text(view, TEAM).strip(),
        severity=_severity(chosen(view, SEVERITY)),
        service=entered_text(view, SERVICE).strip()[:LONGEST_SERVICE] or None,
        description=entered_text(view, DESCRIPTION)[:LONGEST_DESCRIPTION],
        slack_channel=opening.channel if chosen(view, WHERE) == HERE else None,
    )


def _severity(value: str) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise InvalidInput(OLD_FORM, field=SEVERITY) from None


def checked_title(text: str) -> str:
    """Return the title on one line. Raises InvalidInput for one that is empty or too long."""
    title = LINE_BREAK.sub(" ", text).strip()
    if not title:
        raise InvalidInput("The title is missing. What is wrong?", field=TITLE)
    if len(title) > LONGEST_TITLE:
        raise InvalidInput(
            f"A title has at most {LONGEST_TITLE} characters, this one has {len(title)}.",
            hint='Put the rest into description="…".',
            field=TITLE,
        )
    return title
