"""No function that makes a message, a view or blocks is left out of what is checked."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import bot.cards
import bot.modals
from bot.cards.blocks import Block
from tests.blocks.makers import MAKERS

MADE = ("Message", "Changes", "Reply", str(Block))
"""What the annotation of such a function names; blocks and views are both `Block`."""

PARTS: Mapping[str, str] = {
    "bot.cards.about": "parts of the cards, which are checked whole",
    "bot.cards.blocks": "the primitives from which all are built",
    "bot.cards.ending": "part of the headline and of the outcome",
    "bot.cards.verdict.verdict_buttons": "part of the verdict and of the headline",
    "bot.cards.gate_changes": "part of the gate",
    "bot.cards.proposal": "part of the gate",
    "bot.modals.decision_form.open_decision_form": "decision_form, after a look into the database",
    "bot.cards.request_blocks": "part of the gate",
    "bot.cards.gate.gate_body": "part of the gate, and of the list of approvals",
    "bot.cards.gate.decision_buttons": "part of the gate, and of the list of approvals",
    "bot.modals.elements": "part of a form",
    "bot.modals.fields": "part of a form",
    "bot.modals.form.form_around": "part of a form",
    "bot.modals.form.modal": "part of a form",
    "bot.cards.home": "made of the gate's body and of titles, which are checked in their cards",
    "bot.cards.incident.incident_buttons": "part of the incident's card",
    "bot.modals.deeds": "parts of the forms about an incident",
    "bot.modals.escalate_form": "reads the database; its only foreign text is the incident's number",
    "bot.modals.incident_form": "reads the database; its only foreign texts are names of teams",
    "bot.modals.note_form": "reads the database; its only foreign text is the incident's number",
    "bot.modals.input_form": "reads the database; it is form_view with a section above",
}
"""What is not checked by itself, and why."""


def builders() -> Iterator[Callable[..., Any]]:
    for package in (bot.cards, bot.modals):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            found = importlib.import_module(module.name)
            for _, function in inspect.getmembers(found, inspect.isfunction):
                if function.__module__ == module.name and not function.__name__.startswith("_"):
                    yield function


def makes_something(function: Callable[..., Any]) -> bool:
    returned = str(inspect.signature(function).return_annotation)
    return any(word in returned for word in MADE)


def name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__name__}"


def test_every_builder_is_checked_or_part_of_one_that_is() -> None:
    covered = {name_of(function) for maker in MAKERS for function in maker.covers}
    missing = [
        name_of(function)
        for function in builders()
        if makes_something(function)
        and name_of(function) not in covered | PARTS.keys()
        and function.__module__ not in PARTS
    ]
    assert not missing, f"Add a line for these to tests/blocks/makers.py: {', '.join(missing)}"


def test_the_parts_exist() -> None:
    names = {name_of(function) for function in builders()} | {each.__module__ for each in builders()}
    assert PARTS.keys() <= names
