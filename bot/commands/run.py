"""`run`: start a runbook for the channel's incident, or plan it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.answers import sentence
from bot.cards.plan import plan_blocks, plan_text
from bot.cards.words import escape
from bot.commands.call import Command, CommandCall, Opens, Reply, usage_hint
from bot.commands.channel import channel_incident
from bot.commands.parse import Word
from bot.commands.usage import usage_line
from bot.modals.run_form import Chosen, run_form
from bot.modals.subjects import Subject
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.definitions.choices import written_choices
from core.definitions.parameters import Schema, parse_key_values, required, with_defaults
from core.errors import InvalidInput
from core.services.incidents.opening import incident_of_channel
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.simulation.dry_runs import plan_by_person
from core.tables import Incident, Runbook
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

USAGE = "run NAME [key=value…] [--dry-run]"
DRY_RUN = "--dry-run"


def run(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Start the runbook; the poster shows the run in the channel. With `--dry-run`, only return the plan.

    Without a name, show the picker.
    """
    words, is_dry = _without_option(call.arguments)
    if not words and not is_dry:
        return _picker(work, person, call)
    if not words:
        raise InvalidInput(
            "The runbook's name is missing.",
            hint=f"{usage_hint(call, USAGE)}. To list the runbooks: `{call.command} list`",
        )
    incident = channel_incident(work, call)
    runbook = find_runbook(work, person, words[0].text)
    asked = _Asked(call, runbook, incident, [word.text for word in words[1:]])
    try:
        return _plan(work, person, asked) if is_dry else _start(work, person, asked)
    except InvalidInput as error:
        hint = f"Type: `{usage_line(call.command, runbook.name, asked.schema)}`"
        refused = InvalidInput(str(error), hint=hint, field=error.field)
        given = None if is_dry else _given(asked, error)
        reply = _form(asked, given, sentence(refused)) if given is not None else None
        if reply is None:
            raise refused from error
        return reply


def _picker(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show the picker for the channel's incident, if the person may see it; otherwise for one that they choose."""
    incident = incident_of_channel(work, call.channel_id)
    is_seen = incident is not None and person.may_see(incident.team.name, Action.INCIDENT_READ)
    said = f"Which runbook? {usage_hint(call, USAGE)}. To list the runbooks: `{call.command} list`"
    return Reply(said, opens=Opens(incident.id if incident and is_seen else ""))


def _without_option(words: tuple[Word, ...]) -> tuple[list[Word], bool]:
    rest = [word for word in words if word.is_quoted or word.text != DRY_RUN]
    return rest, len(rest) < len(words)


@dataclass
class _Asked:
    """The typed command with its runbook and incident. `schema`: of the parameters, once it was read."""

    call: CommandCall
    runbook: Runbook
    incident: Incident
    words: list[str]

    schema: Schema = field(default_factory=dict)

    @property
    def start(self) -> Start:
        return Start(self.runbook, self.incident, self._read, self.call.request_key)

    def _read(self, schema: Schema) -> Mapping[str, Json]:
        """Parse the parameters. Raises InvalidInput for words that are not parameters."""
        self.schema = schema
        return parse_key_values(self.words, schema)


def _start(work: UnitOfWork, person: Person, asked: _Asked) -> Reply:
    execution = start_by_person(work, person, asked.start)
    return Reply(
        f"▶️ {escape(execution.runbook_name)} v{execution.runbook_version} requested "
        f"for inc-{asked.incident.number} ({execution.id})."
    )


def _plan(work: UnitOfWork, person: Person, asked: _Asked) -> Reply:
    plan = plan_by_person(work, person, asked.start)
    return Reply(plan_text(plan), tuple(plan_blocks(plan)))


def _given(asked: _Asked, error: InvalidInput) -> Mapping[str, Json] | None:
    """Return what was typed if missing parameters are the only problem; otherwise None."""
    try:
        given = parse_key_values(asked.words, asked.schema)
    except InvalidInput:
        return None
    missing = set(required(asked.schema)) - with_defaults(asked.schema, given).keys()
    wrong = {getattr(problem, "field", "") for problem in error.problems}
    return given if wrong and wrong <= missing else None


def _form(asked: _Asked, given: Mapping[str, Json], said: str) -> Reply | None:
    """Return the form for the rest, made at once, or later if its choices come from outside; None if none can hold it.

    `said`: the reply where no form can be opened.
    """
    if any(written_choices(asked.schema)):
        return Reply(said, opens=Opens(asked.incident.id, asked.runbook.id, given, asked.runbook.name))
    subject = Subject(response_url=asked.call.response_url)
    form = run_form(Chosen.of(asked.runbook, asked.incident), subject, given)
    return Reply(said, form=form) if form is not None else None


COMMANDS = (
    Command(
        "run", USAGE.removeprefix("run "), "start a runbook for this channel's incident, or plan it", run
    ),
)
