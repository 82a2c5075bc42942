"""`incident`: open, acknowledge, escalate, resolve, close, show or export an incident."""

from dataclasses import dataclass

from bot.cards.blocks import sections
from bot.cards.incident import incident as incident_card
from bot.cards.incident import timeline_lines
from bot.cards.report import export_blocks, markdown
from bot.cards.words import escape
from bot.commands.call import Command, CommandCall, Handler, Reply, only_argument, usage_hint
from bot.commands.channel import channel_incident, visible_incident
from bot.commands.parse import title_and_values
from bot.modals.incident_form import Opening, checked_title, incident_form
from core.decisions.people import Person
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput
from core.services.incidents.changes import escalate
from core.services.incidents.opening import NewIncident, change_status, open_incident
from core.services.incidents.report import report_of
from core.services.incidents.timeline import last_lines
from core.services.views.reading import view_incident
from core.statuses import IncidentStatus, Severity
from core.unit_of_work import UnitOfWork

OPEN_USAGE = (
    "open TITLE [severity=info|low|medium|high|critical] [service=…] [team=…] [channel=here] [key=value…]"
)
TIMELINE_LINES = 10
MISSING = "The title is missing. What is wrong?"


@dataclass(frozen=True)
class Said:
    """The arguments of `incident open`: the title, and the rest by key."""

    title: str
    values: dict[str, str]


def open_(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Open an incident; without a title, open the form. Keys other than those KNOWN become labels.

    `channel=here`: the incident is handled in this channel, and gets none of its own.
    """
    if not call.typed.strip():
        return _form(work, person, call)
    said = _read(call)
    values = dict(said.values)
    new = NewIncident(
        title=said.title,
        team=values.pop("team", "") or _only_team(person),
        severity=_severity(values.pop("severity", Severity.MEDIUM)),
        service=values.pop("service", "") or None,
        description=values.pop("description", ""),
        slack_channel=_channel(values.pop("channel", ""), call),
        labels=values,
    )
    opened = open_incident(work, person, new, request_key=call.request_key)
    return Reply(
        f"inc-{opened.number} is open: {escape(opened.title)} ({opened.severity}, team {escape(new.team)})."
    )


def _read(call: CommandCall) -> Said:
    typed, pairs = title_and_values(call.typed)
    if not typed.strip():
        raise InvalidInput(MISSING, hint=usage_hint(call, f"incident {OPEN_USAGE}"))
    return Said(
        checked_title(typed), {key.lower() if key.lower() in KNOWN else key: value for key, value in pairs}
    )


KNOWN = frozenset({"team", "severity", "service", "description", "channel"})


def _form(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Return the form; where Slack cannot show it, its text says what to type."""
    view = incident_form(work, person, Opening(call.channel_id, call.response_url))
    return Reply(f"⚠️ {MISSING} {usage_hint(call, f'incident {OPEN_USAGE}')}", form=view)


def _channel(said: str, call: CommandCall) -> str | None:
    """Return this channel if the incident is to be handled here, and None if it gets its own."""
    if said.lower() not in ("", "here"):
        raise InvalidInput(
            f"An incident cannot be put into {said} from here.",
            hint="Leave `channel` out for a channel of its own, or type `channel=here` in the channel.",
            field="channel",
        )
    return call.channel_id if said else None


def _only_team(person: Person) -> str:
    """Return the person's only team. Raises InvalidInput for none or several."""
    teams = sorted(person.roles)
    if len(teams) == 1:
        return teams[0]
    known = f"Your teams are {', '.join(teams)}." if teams else "You are not in any team."
    raise InvalidInput(
        f"Which team does the incident belong to? {known}", hint="Add team=NAME.", field="team"
    )


def _severity(text: str) -> Severity:
    try:
        return Severity(text.lower())
    except ValueError:
        close = nearest(text, list(Severity)) or list(Severity)
        raise InvalidInput(
            f"There is no severity {text}.", hint=f"Use {one_of(close)}.", field="severity"
        ) from None


def show(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show the incident's card, and the last lines of its timeline."""
    found = visible_incident(work, person, call)
    card = incident_card(view_incident(found), command=call.command)
    lines = timeline_lines(last_lines(work, found, TIMELINE_LINES))
    return Reply(card.text, (*card.blocks, *sections(lines)))


def export(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show the incident's report as Markdown; the beginning of one that is too long for Slack, and how to get all."""
    found = visible_incident(work, person, call)
    report = report_of(work, found)
    return Reply(
        f"The report of inc-{found.number} as Markdown.", tuple(export_blocks(report, markdown(report)))
    )


def _to(status: IncidentStatus) -> Handler:
    def change(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
        changed = change_status(work, person, channel_incident(work, call), status)
        return Reply(f"inc-{changed.number} is {changed.status}.")

    return change


def escalate_(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Raise the severity of the channel's incident."""
    severity = _severity(only_argument(call, "incident escalate SEVERITY"))
    changed = escalate(work, person, channel_incident(work, call), severity)
    return Reply(f"inc-{changed.number} is now {changed.severity}.")


VERBS = {
    verb.name: verb
    for verb in (
        Command("open", OPEN_USAGE.removeprefix("open "), "open an incident", open_),
        Command("ack", "", "acknowledge it: somebody is working on it", _to(IncidentStatus.ACKNOWLEDGED)),
        Command("resolve", "", "mark it as resolved", _to(IncidentStatus.RESOLVED)),
        Command("close", "", "close it: nothing is left to do", _to(IncidentStatus.CLOSED)),
        Command("escalate", "SEVERITY", "raise its severity", escalate_),
        Command("show", "", "show its status, and what happened last", show),
        Command("export", "", "show its report as Markdown, for a postmortem", export),
    )
}
ALIASES = {"acknowledge": "ack"}


def incident(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Call the verb's handler; without a verb, show the channel's incident."""
    typed = call.first.lower()
    if not typed:
        return show(work, person, call)
    verb = VERBS.get(ALIASES.get(typed, typed))
    if verb is None:
        close = nearest(typed, VERBS) or list(VERBS)
        raise InvalidInput(f"There is no `incident {typed}`.", hint=f"Use {one_of(close)}.")
    if not verb.usage and call.behind_first().text:
        raise InvalidInput("Too many arguments.", hint=usage_hint(call, f"incident {verb.name}"))
    return verb.handle(work, person, call.behind_first())


COMMANDS = (
    Command(
        "incident",
        f"{OPEN_USAGE} | ack | escalate SEVERITY | resolve | close | show | export",
        "open an incident, or show or change this channel's incident",
        incident,
    ),
)
