"""The options of menus, asked for while people type: only what this person may run, or may see.

https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
"""

from collections.abc import Mapping
from typing import Any

from bot.cards.blocks import Block
from bot.modals.elements import ACTION, choices_of, option, text_of
from bot.modals.fields import PREFIX
from bot.modals.input_form import CALLBACK_ID as INPUT_FORM
from bot.modals.limits import OPTIONS
from bot.modals.picker import PICK, PICK_INCIDENT, incident_option, runbook_groups
from bot.modals.run_form import CALLBACK_ID, choose
from bot.modals.subjects import ForIncident, subject_of
from core.decisions.people import Person
from core.definitions.json_schema import deref
from core.definitions.parameters import Schema, declared
from core.services.access.people import load_person
from core.services.incidents.opening import find_incident
from core.services.incidents.searching import incidents_to_run_for
from core.services.library.runnable import matching, runnable_for
from core.services.runs.inputs import check_can_answer, find_input
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

LONGEST = 200  # characters that are looked for
Answer = Mapping[str, list[Block]]
NO_OPTIONS: Answer = {"options": []}


def suggest(unit_of_work: UnitOfWorkFactory, body: Mapping[str, Any]) -> Answer:
    """Return what the answer to a `block_suggestion` says. Raises core's errors."""
    view, typed = body.get("view") or {}, str(body.get("value") or "")[:LONGEST]
    with unit_of_work.begin() as work:
        person = load_person(work, str(body["user"]["id"]), source="slack")
        action_id = body.get("action_id")
        if action_id == PICK:
            return _runbooks(work, person, view, typed)
        if action_id == PICK_INCIDENT:
            return _incidents(work, person, typed)
        if action_id == ACTION:
            return _choices(work, person, view, (str(body.get("block_id")), typed))
    return NO_OPTIONS


def _incidents(work: UnitOfWork, person: Person, typed: str) -> Answer:
    found = incidents_to_run_for(work, person, typed, most=OPTIONS)
    return {"options": [incident_option(ForIncident.of(each)) for each in found]}


def _runbooks(work: UnitOfWork, person: Person, view: Mapping[str, Any], typed: str) -> Answer:
    incident = find_incident(work, person, subject_of(view).incident_id)
    groups = runbook_groups(matching(runnable_for(work, person, incident), typed))
    return {"option_groups": groups} if groups else NO_OPTIONS


def _choices(work: UnitOfWork, person: Person, view: Mapping[str, Any], asked: tuple[str, str]) -> Answer:
    """Return the choices of a parameter that contain what was typed; those that begin with it first."""
    block_id, typed = asked
    schema = _schema(work, person, view)
    inner = deref(declared(schema).get(block_id.removeprefix(PREFIX)), schema)
    wanted = typed.casefold()
    found = [each for each in choices_of(inner, schema) or () if wanted in text_of(each).casefold()]
    found.sort(key=lambda each: not text_of(each).casefold().startswith(wanted))
    return {"options": list(map(option, found[:OPTIONS]))}


def _schema(work: UnitOfWork, person: Person, view: Mapping[str, Any]) -> Schema:
    """Return the schema of the form in which the menu is. Raises core's errors for who may not fill it in."""
    if view.get("callback_id") == INPUT_FORM:
        asked = find_input(work, person, str(view.get("private_metadata")))
        check_can_answer(work, person, asked)
        return asked.schema
    if view.get("callback_id") == CALLBACK_ID:
        return choose(work, person, subject_of(view)).definition.parameters
    return {}
