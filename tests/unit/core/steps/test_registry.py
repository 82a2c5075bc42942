"""The registries of step and action types: discovered, never twice."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Literal

import pytest

from core.definitions import type_registry
from core.definitions.actions import action_types
from core.definitions.steps import StepDefinition, step_types
from core.definitions.type_registry import discover, type_name
from core.errors import ConfigurationError
from core.execution.preparation import Preparable
from core.steps.http import HttpStep


class Pager(StepDefinition):
    """A step of somebody else."""

    type: Literal["pager"]


class OtherHttp(StepDefinition):
    """A step of somebody else, with a name that is taken."""

    type: Literal["http"]


class Nameless(StepDefinition):
    """A step that does not say its type."""


class NoStep:
    """No step at all."""


@pytest.fixture
def entry_point(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module whose `offered` is what the one entry point loads."""
    module = ModuleType("offered_by_a_third_party")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    found = [EntryPoint("x", f"{module.__name__}:offered", "runbook.steps")]
    monkeypatch.setattr(
        type_registry, "entry_points", lambda group: found if group == "runbook.steps" else []
    )
    return module


def test_the_step_types_of_the_package_are_found() -> None:
    assert {"approval", "http", "message", "shell", "wait"} <= step_types().keys()
    assert step_types()["http"] is HttpStep


def test_the_action_types_of_the_package_are_found() -> None:
    assert {"message", "runbook", "webhook"} <= action_types().keys()


def test_every_type_says_what_it_will_do() -> None:
    unable = [
        name
        for types in (step_types(), action_types())
        for name, model in types.items()
        if not issubclass(model, Preparable)
    ]
    assert unable == []
    assert not issubclass(Pager, Preparable)


def test_discovery_happens_once_and_cannot_be_changed() -> None:
    assert step_types() is step_types()
    with pytest.raises(TypeError):
        step_types()["x"] = HttpStep  # type: ignore[index]


def test_a_third_party_adds_a_type_by_an_entry_point(entry_point: ModuleType) -> None:
    entry_point.__dict__["offered"] = Pager
    found = discover("core.steps", "runbook.steps", StepDefinition)
    assert found["pager"] is Pager
    assert found["http"] is HttpStep


def test_a_type_is_never_defined_twice(entry_point: ModuleType) -> None:
    entry_point.__dict__["offered"] = OtherHttp
    with pytest.raises(
        ConfigurationError, match=r"'http' is defined twice: by core\.steps\.http\.HttpStep and by"
    ):
        discover("core.steps", "runbook.steps", StepDefinition)


def test_an_entry_point_that_is_no_step_is_refused(entry_point: ModuleType) -> None:
    entry_point.__dict__["offered"] = NoStep
    with pytest.raises(ConfigurationError, match="not a subclass of StepDefinition"):
        discover("core.steps", "runbook.steps", StepDefinition)


def test_a_type_without_a_name_is_refused() -> None:
    assert type_name(Pager) == "pager"
    with pytest.raises(ConfigurationError, match="has no type name"):
        type_name(Nameless)
