"""Every command and button is listed in the policy and obeys it."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

import bot.commands
import bot.modals
import cli.client.connection
from bot import actions
from bot.actions import BUTTONS, press, press_approve
from bot.answers import NOWHERE
from bot.app_manifest import GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from bot.cards.definition_approval import APPROVE, Shown
from bot.cards.home import NEW_INCIDENT
from bot.cards.input import ANSWER
from bot.channel_events import NEWS, OF_MEMBERS
from bot.commands import dispatch
from bot.commands.call import Command, CommandCall
from bot.commands.dispatch import COMMANDS
from bot.entry_points import BUTTONS as BUTTON_ACTIONS
from bot.entry_points import COMMANDS as COMMAND_ACTIONS
from bot.entry_points import EVENTS, MENUS, SHORTCUTS
from bot.entry_points import VIEWS as VIEW_ACTIONS
from bot.incident_buttons import (
    INCIDENT_BUTTONS,
    INCIDENT_FORMS,
    open_incident_form,
    press_incident,
)
from bot.incident_listeners import FORMS, HOME_OPENED
from bot.modals.decision_form import BUTTONS as DECISION_BUTTONS
from bot.modals.decision_form import open_decision_form, pressed, submit_decision
from bot.modals.deeds import Shown as AboutIncident
from bot.modals.details import DETAILS, run_details
from bot.modals.elements import ACTION as FIELD
from bot.modals.incident_form import CALLBACK_ID as INCIDENT_FORM
from bot.modals.incident_form import Opening, incident_form
from bot.modals.input_form import open_form, submit_input
from bot.modals.picker import PICK, PICK_INCIDENT
from bot.modals.run_form import submit
from bot.modals.subjects import Subject
from bot.pages.links import RunLinks
from bot.starting.listeners import MENTION, OPEN
from bot.starting.suggestions import suggest
from bot.starting.views import StartingViews
from cli.client.connection import Connection
from cli.main import app
from cli.operator import OPERATOR
from cli.verbs import AT_THE_DATABASE, OF_THE_MACHINE, OVER_REST
from core.decisions.policy import allows
from core.decisions.policy_table import Action
from core.errors import InvalidInput, NotAllowed, NotFound, RunbookError
from core.services.access.people import load_person
from core.services.library.finding import find
from core.services.library.kinds import RUNBOOKS, WORKFLOWS
from core.tables import InputRequest
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_CHANNEL,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    WEB_ADMIN,
    WEB_OPS,
    Deployment,
)
from tests.attacks.gates import button_value
from tests.attacks.matrix_world import GATED, Things

PEOPLE = (NOBODY, WEB_OPS, WEB_ADMIN, DATA_OPS, DATA_ADMIN, PLATFORM)
Typed = Callable[[Things], str]

# What is typed; where it is a list, the name that must be in it, or must not.
TYPED: dict[str, Typed] = {
    "run": lambda things: f"run {things.runbook()}",
    "status": lambda things: f"status {things.run()}",
    "cancel": lambda things: f"cancel {things.run()}",
    "retry": lambda things: f"retry {things.run()}",
    "answer": lambda things: f"answer {things.run_asking()} host=db-1",
    "decide": lambda things: (
        f"decide {button_value(things.deployment, things.gate(), 'approval.reject')} reject No."
    ),
    "stats": lambda things: f"stats {things.runbook()}",
    "freeze": lambda things: "freeze data We look first",
    "unfreeze": lambda things: f"unfreeze data{things.freeze()[:0]}",
    "show": lambda things: f"show {things.runbook()}",
    "history": lambda things: f"history {things.runbook()}",
    "approve": lambda things: f"approve {things.runbook(approve=False)} v1",
    "deprecate": lambda things: f"deprecate {things.runbook()}",
    "incident": lambda things: "incident",
    "incident open": lambda things: "incident open Orders down team=data",
    "incident ack": lambda things: "incident ack",
    "incident resolve": lambda things: "incident resolve",
    "incident close": lambda things: "incident close",
    "incident escalate": lambda things: "incident escalate critical",
    "incident show": lambda things: "incident show",
    "incident export": lambda things: "incident export",
    "workflow run": lambda things: f"workflow run {things.workflow()}",
    "workflow show": lambda things: f"workflow show {things.workflow()}",
    "workflow history": lambda things: f"workflow history {things.workflow()}",
    "workflow cancel": lambda things: f"workflow cancel {things.workflow_run()}",
    "workflow approve": lambda things: f"workflow approve {things.workflow(approve=False)} v1",
    "workflow deprecate": lambda things: f"workflow deprecate {things.workflow()}",
    "note": lambda things: "note we looked",
    "help": lambda things: "help",
}
LISTS: dict[str, Callable[[Things], str]] = {
    "list": lambda things: things.runbook(),
    "approvals": lambda things: things.run(GATED) and things.newest,
    "workflow": lambda things: things.workflow(),
    "workflow list": lambda things: things.workflow(),
}
PRESSED: dict[str, Callable[[Things], str]] = {
    "approval.approve": lambda things: button_value(things.deployment, things.gate(), "approval.approve"),
    "run.cancel": lambda things: things.run(),
    "run.retry": lambda things: things.run(),
    "workflow.cancel": lambda things: things.workflow_run(),
    "verdict.ran": lambda things: f"{things.run_in_doubt()}:pause:1",
    "verdict.did_not_run": lambda things: f"{things.run_in_doubt()}:pause:1",
    "verdict.run_again": lambda things: f"{things.run_in_doubt()}:pause:1",
}
# The buttons that open a form.
OPENING: dict[str, Callable[[Things], str]] = {
    "input.answer": lambda things: things.request_for_values(),
    "run.details": lambda things: things.run(),
    **{
        button: lambda things: button_value(things.deployment, things.gate(), "approval.reject")
        for button in DECISION_BUTTONS
    },
}


def opens(deployment: Deployment, button: str, value: str, who: str) -> None:
    """Open the form of a button, or be refused."""
    if button in DECISION_BUTTONS:
        open_decision_form(deployment.unit_of_work, pressed(button, value, ""), who)
    elif button == DETAILS:
        run_details(deployment.unit_of_work, value, who, NOWHERE)
    else:
        open_form(deployment.unit_of_work, value, who)


# The buttons of an incident's card, by the function that handles them.
ON_INCIDENTS: dict[str, Callable[[Deployment, str, str], object]] = {
    **{
        each: lambda deployment, value, who, each=each: press_incident(  # type: ignore[misc]
            deployment.unit_of_work, each, value, who
        )
        for each in INCIDENT_BUTTONS
    },
    **{
        each: lambda deployment, value, who, each=each: open_incident_form(  # type: ignore[misc]
            deployment.unit_of_work, each, AboutIncident(value), who
        )
        for each in INCIDENT_FORMS
    },
}
# The buttons of definitions' cards, by what is approved; they are registered beside the others.
APPROVED: dict[str, Callable[[Things], str]] = {
    "runbook": lambda things: things.runbook(approve=False),
    "workflow": lambda things: things.workflow(approve=False),
}
TERMINAL: dict[str, Callable[[Things], list[str]]] = {
    "show": lambda things: [things.runbook()],
    "run": lambda things: [things.runbook(), "--incident", things.incident()],
    "status": lambda things: [things.run()],
    "cancel": lambda things: [things.run()],
    "approve": lambda things: [things.gate()],
    "reject": lambda things: [things.gate()],
    "verdict": lambda things: [things.run_in_doubt(), "ran", "--step", "pause", "--attempt", "1"],
    "answer": lambda things: [things.run_asking(), "host=db-1"],
    "freeze": lambda things: ["We look first", "--team", things.unfrozen("data")],
    "thaw": lambda things: [things.freeze()],
    "incident open": lambda things: ["Orders down", "--team", "data"],
    "incident show": lambda things: [things.incident()],
    "incident export": lambda things: [things.incident()],
    "incident ack": lambda things: [things.incident()],
    "incident resolve": lambda things: [things.incident()],
    "incident close": lambda things: [things.incident()],
    "incident escalate": lambda things: [things.incident(), "critical"],
    "incident note": lambda things: [things.incident(), "we looked"],
}


def sub_commands() -> Iterator[str]:
    """Every one, and the verbs of those that have some."""
    yield from COMMANDS
    for module in _modules(bot.commands):
        verbs: dict[str, Command] = getattr(module, "VERBS", {})
        yield from (f"{module.COMMANDS[0].name} {verb}" for verb in verbs)


def _modules(package: Any) -> Iterator[Any]:
    return (import_module(f"{package.__name__}.{each.name}") for each in iter_modules(package.__path__))


def verbs() -> Iterator[str]:
    group: Any = typer.main.get_command(app)
    for name in group.commands:
        inner = getattr(group.commands[name], "commands", None)
        yield from (f"{name} {verb}" for verb in inner) if inner else [name]


def test_every_sub_command_button_form_and_verb_is_in_the_policy() -> None:
    forms = {module.CALLBACK_ID for module in _modules(bot.modals) if hasattr(module, "CALLBACK_ID")}
    assert set(sub_commands()) == set(COMMAND_ACTIONS)
    of_incidents = {*INCIDENT_BUTTONS, *INCIDENT_FORMS, NEW_INCIDENT}
    known = {*BUTTONS, *DECISION_BUTTONS, APPROVE, ANSWER, DETAILS, *of_incidents}
    assert known == set(BUTTON_ACTIONS)
    assert forms == set(VIEW_ACTIONS)
    assert {PICK, PICK_INCIDENT, FIELD, OPEN} == set(MENUS)
    assert {MESSAGE_SHORTCUT, GLOBAL_SHORTCUT} == set(SHORTCUTS)
    assert {MENTION, HOME_OPENED, "user_change", *NEWS, *OF_MEMBERS} == set(EVENTS)
    assert set(verbs()) == set(OVER_REST) | set(AT_THE_DATABASE) | OF_THE_MACHINE


def test_everything_that_is_listed_is_played() -> None:
    assert set(TYPED) | set(LISTS) == set(COMMAND_ACTIONS)
    assert {*PRESSED, *OPENING, *ON_INCIDENTS, NEW_INCIDENT, APPROVE} == set(BUTTON_ACTIONS)


def test_what_is_not_listed_is_refused(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "IN_THE_POLICY", {})
    monkeypatch.setattr(actions, "IN_THE_POLICY", {})

    assert "help is not in the policy" in deployment.slack.types(PLATFORM, DATA_CHANNEL, "help")
    with pytest.raises(InvalidInput):
        press(deployment.unit_of_work, "run.cancel", Things(deployment).run(), PLATFORM)


def refused(deed: Callable[[], object]) -> bool:
    """Whether it is for want of a right; any other refusal is the state's, or the input's."""
    try:
        deed()
    except (NotAllowed, NotFound):
        return True
    except RunbookError:
        return False
    return False


def may(deployment: Deployment, who: str, action: Action) -> bool:
    with deployment.unit_of_work.begin() as work:
        return allows(load_person(work, who, source="slack"), action, "data")


def call(text: str, who: str, number: object) -> CommandCall:
    return CommandCall(DATA_CHANNEL, who, text, f"slack:{number}")


@pytest.mark.parametrize("command", TYPED)
def test_a_sub_command_answers_each_role_as_the_policy_says(deployment: Deployment, command: str) -> None:
    things, wrong = Things(deployment), []
    deployment.incident("data")
    for who in PEOPLE:
        typed = call(TYPED[command](things), who, who)
        was_refused = refused(lambda typed=typed: dispatch.answer(deployment.unit_of_work, typed))  # type: ignore[misc]
        if was_refused is may(deployment, who, COMMAND_ACTIONS[command]):
            wrong.append(f"{who} was {'refused' if was_refused else 'let in'}")
    assert wrong == []


@pytest.mark.parametrize("command", LISTS)
def test_a_list_shows_each_role_what_the_policy_says(deployment: Deployment, command: str) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        known = LISTS[command](things)
        deployment.work()
        said = json.dumps(dispatch.answer(deployment.unit_of_work, call(command, who, who)).body())
        if (known in said) is not may(deployment, who, COMMAND_ACTIONS[command]):
            wrong.append(f"{who}: {said}")
    assert wrong == []


@pytest.mark.parametrize("button", PRESSED)
def test_a_button_answers_each_role_as_the_policy_says(deployment: Deployment, button: str) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        value = PRESSED[button](things)
        was_refused = refused(lambda value=value, who=who: press(deployment.unit_of_work, button, value, who))  # type: ignore[misc]
        if was_refused is may(deployment, who, BUTTON_ACTIONS[button]):
            wrong.append(f"{who} was {'refused' if was_refused else 'let in'}")
    assert wrong == []


@pytest.mark.parametrize("button", ON_INCIDENTS)
def test_a_button_of_an_incident_answers_each_role_as_the_policy_says(
    deployment: Deployment, button: str
) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        value = things.incident()
        deed = partial(ON_INCIDENTS[button], deployment, value, who)
        was_refused = refused(deed)
        if was_refused is may(deployment, who, BUTTON_ACTIONS[button]):
            wrong.append(f"{who} was {'refused' if was_refused else 'let in'}")
    assert wrong == []


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_an_incident_answers_each_role_as_the_policy_says(
    deployment: Deployment, form: str
) -> None:
    """The form for a new incident is for team data, whoever submits it."""
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        about = {} if form == INCIDENT_FORM else {"incident_id": things.incident()}
        entered = {
            "title": {"value": {"value": "Orders down"}},
            "text": {"value": {"value": "we looked"}},
            "severity": {"value": {"selected_option": {"value": "critical"}}},
            "team": {"value": {"selected_option": {"value": "data"}}},
        }
        view: dict[str, Any] = {
            "id": f"V{form}{who}",
            "private_metadata": json.dumps(about),
            "state": {"values": entered},
        }

        def submit_it(view: dict[str, Any] = view, who: str = who) -> object:
            with deployment.unit_of_work.begin() as work:
                return FORMS[form](work, load_person(work, who, source="slack"), view)

        if refused(submit_it) is may(deployment, who, VIEW_ACTIONS[form]):
            wrong.append(who)
    assert wrong == []


def test_the_form_for_a_new_incident_is_for_who_may_open_one_somewhere(deployment: Deployment) -> None:
    for who in PEOPLE:
        with deployment.unit_of_work.begin() as work:
            person = load_person(work, who, source="slack")
            was_refused = refused(partial(incident_form, work, person, Opening()))
        assert was_refused is (who == NOBODY), who


@pytest.mark.parametrize("button", OPENING)
def test_a_button_that_opens_a_form_answers_each_role_as_the_policy_says(
    deployment: Deployment, button: str
) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        value = OPENING[button](things)
        was_refused = refused(lambda value=value, who=who: opens(deployment, button, value, who))  # type: ignore[misc]
        if was_refused is may(deployment, who, BUTTON_ACTIONS[button]):
            wrong.append(f"{who} was {'refused' if was_refused else 'let in'}")
    assert wrong == []


def test_the_form_for_values_answers_each_role_as_the_policy_says(deployment: Deployment) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        entered = {"parameter.host": {"value": {"type": "plain_text_input", "value": "db-1"}}}
        asked = things.request_for_values()
        view = {"id": f"V{who}", "private_metadata": asked, "state": {"values": entered}}
        was_refused = refused(lambda view=view, who=who: submit_input(deployment.unit_of_work, view, who))  # type: ignore[misc]
        with deployment.unit_of_work.begin() as work:
            is_answered = work.session.get_one(InputRequest, asked).status == "answered"
        if not (was_refused is not is_answered is may(deployment, who, VIEW_ACTIONS["input.form"])):
            wrong.append(who)
    assert wrong == []


def test_the_form_of_a_decision_answers_each_role_as_the_policy_says(deployment: Deployment) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        value = button_value(deployment, things.gate(), "approval.reject")
        entered = {"decision.reason": {"value": {"type": "plain_text_input", "value": "No."}}}
        subject = json.dumps({"gate": value, "approved": False, "response_url": ""})
        view = {"id": f"V{who}", "private_metadata": subject, "state": {"values": entered}}
        was_refused = refused(lambda view=view, who=who: submit_decision(deployment.unit_of_work, view, who))  # type: ignore[misc]
        if was_refused is may(deployment, who, VIEW_ACTIONS["approval.form"]):
            wrong.append(who)
    assert wrong == []


def newest(deployment: Deployment, noun: str, name: str) -> Any:
    """What the card of its newest version shows, and the status of the definition."""
    with deployment.unit_of_work.begin() as work:
        kind: Any = RUNBOOKS if noun == "runbook" else WORKFLOWS
        row = find(work, OPERATOR, kind, name)
        return Shown(noun, row.id, row.version, kind.digest_of(row)).value, row.status


@pytest.mark.parametrize("kind", APPROVED)
def test_the_button_of_a_definition_answers_each_role_as_the_policy_says(
    deployment: Deployment, kind: str
) -> None:
    """Where it answers, what it showed is approved; where it refuses, nothing is."""
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        name = APPROVED[kind](things)
        value, _ = newest(deployment, kind, name)
        deed = partial(press_approve, deployment.unit_of_work, value, who, single_admin=False)
        was_refused, is_allowed = refused(deed), may(deployment, who, BUTTON_ACTIONS[APPROVE])
        status = newest(deployment, kind, name)[1]
        if was_refused is is_allowed or status != ("approved" if is_allowed else "draft"):
            wrong.append(f"{who} was {'refused' if was_refused else 'let in'}, and it is {status}")
    assert wrong == []


def test_the_form_answers_each_role_as_the_policy_says(deployment: Deployment) -> None:
    things, wrong = Things(deployment), []
    for who in PEOPLE:
        subject = {"runbook_id": things.runbook(), "incident_id": things.incident()}
        view = {"id": f"V{who}", "private_metadata": json.dumps(subject), "state": {"values": {}}}
        was_refused = refused(lambda view=view, who=who: submit(deployment.unit_of_work, view, who))  # type: ignore[misc]
        if was_refused is may(deployment, who, VIEW_ACTIONS["run.form"]):
            wrong.append(who)
    assert wrong == []


def test_the_menus_offer_each_role_what_the_policy_says(deployment: Deployment) -> None:
    """Of the incidents, those that they may run something for; of the runbooks, those that they may run."""
    things, wrong = Things(deployment), []
    runbook, incident = things.runbook(), things.incident()
    view = {"callback_id": "run.form", "private_metadata": Subject(incident_id=incident).text()}
    for who in PEOPLE:
        is_allowed = may(deployment, who, MENUS[PICK])
        for action_id, wanted in ((PICK, runbook), (PICK_INCIDENT, incident)):
            body = {"user": {"id": who}, "action_id": action_id, "value": "", "view": view}
            offered = partial(suggest, deployment.unit_of_work, body)
            is_offered = not refused(offered) and wanted in json.dumps(offered())
            if is_offered is not is_allowed:
                wrong.append(f"{who} was {'' if is_offered else 'not '}offered {action_id}")
    assert wrong == []


def test_the_picker_and_its_form_are_shown_to_each_role_as_the_policy_says(deployment: Deployment) -> None:
    """What the shortcuts, the command alone, and the button of a reply open."""
    things, wrong = Things(deployment), []
    runbook, incident = things.runbook(), things.incident()
    views = StartingViews(deployment.unit_of_work, RunLinks("", ""))
    for who in PEOPLE:
        is_allowed = may(deployment, who, MENUS[OPEN])
        picker = views.picker(who, Subject(incident_id=incident))()
        form = views.form(who, Subject(runbook, incident))()
        shown = ["private_metadata" in made for made in (picker, form) if isinstance(made, dict)]
        if shown != [is_allowed, is_allowed]:
            wrong.append(f"{who}: {picker} {form}")
    assert wrong == []


@pytest.mark.parametrize("verb", TERMINAL)
def test_a_verb_answers_each_role_as_the_policy_says(
    deployment: Deployment, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    things, wrong = Things(deployment), []
    monkeypatch.setenv("RUNBOOK_URL", "http://testserver")
    for who in PEOPLE:
        client = deployment.rest(who)
        token = client.headers["Authorization"].split()[1]
        monkeypatch.setenv("RUNBOOK_TOKEN", token)
        monkeypatch.setattr(
            cli.client.connection,
            "Connection",
            lambda url, token, client=client, **rest: Connection(url, token, client._transport, **rest),
        )
        done = CliRunner().invoke(app, [*verb.split(), *TERMINAL[verb](things)])
        if (done.exit_code == 0) is not may(deployment, who, OVER_REST[verb]):
            wrong.append(f"{who}: {done.exit_code} {done.exception}")
    assert wrong == []
