"""Rules that every step type and action type must follow."""

import inspect
from typing import Any, Literal, get_origin

import pytest
import yaml
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel

from cli.reference.types import actions_page, steps_page
from core.definitions.actions import ActionDefinition, action_types
from core.definitions.fields import inner_models
from core.definitions.kinds import model_schema, schema_of
from core.definitions.sources import load_documents
from core.definitions.steps import StepDefinition, step_types
from core.definitions.validate import validate_text
from core.execution.preparation import Preparable

Part = StepDefinition | ActionDefinition
TYPES = [*step_types().values(), *action_types().values()]
every_type = pytest.mark.parametrize("model", TYPES, ids=lambda model: model.__name__)


def base_of(model: type[Part]) -> type[Part]:
    return StepDefinition if issubclass(model, StepDefinition) else ActionDefinition


def example_of(model: type[Part]) -> dict[str, Any]:
    (document,) = load_documents(model.example, file="example")
    return document.data


def document_with(model: type[Part]) -> str:
    """A whole document with the type's example."""
    properties: dict[str, object] = {"cluster": {"type": "string"}}
    document: dict[str, object] = {"kind": "runbook", "name": "x", "steps": [example_of(model)]}
    document["parameters"] = {"required": ["cluster"], "properties": properties}
    if base_of(model) is ActionDefinition:
        document = {"kind": "workflow", "name": "x", "trigger": {"on": "incident.created"}}
        document["actions"] = [example_of(model)]
    return yaml.safe_dump(document, sort_keys=False)


@every_type
def test_it_says_what_it_does(model: type[Part]) -> None:
    assert model.__doc__
    assert model.__doc__ != base_of(model).__doc__
    assert getattr(inspect.getmodule(model), "__doc__", None)


@every_type
def test_its_type_is_one_literal(model: type[Part]) -> None:
    assert get_origin(model.model_fields["type"].annotation) is Literal
    assert example_of(model)["type"] in {*step_types(), *action_types()}


def described_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [each for field in model.model_fields.values() for each in inner_models(field)]
    return [model, *(deeper for each in inner for deeper in described_models(each))]


@every_type
def test_every_field_has_a_description(model: type[Part]) -> None:
    silent = [
        f"{each.__name__}.{name}"
        for each in described_models(model)
        for name, field in each.model_fields.items()
        if name != "type" and not field.description
    ]
    assert silent == []


@every_type
def test_its_example_is_valid_in_a_document(model: type[Part]) -> None:
    _, problems = validate_text(document_with(model), "example.yaml")
    assert list(map(str, problems)) == []


@every_type
def test_its_example_fits_the_editors_schema(model: type[Part]) -> None:
    Draft202012Validator(model_schema(model)).validate(example_of(model))
    kind = "runbook" if base_of(model) is StepDefinition else "workflow"
    Draft202012Validator(dict(schema_of(kind))).validate(
        load_documents(document_with(model), file="x")[0].data
    )


@every_type
def test_the_editors_schema_refuses_what_it_does_not_know(model: type[Part]) -> None:
    assert not Draft202012Validator(model_schema(model)).is_valid(example_of(model) | {"nope": 1})


@every_type
def test_it_comes_back_from_yaml_as_it_went(model: type[Part]) -> None:
    first = model.model_validate(example_of(model))
    written = yaml.safe_dump(first.model_dump(mode="json", exclude_unset=True))
    (document,) = load_documents(written, file="x")
    assert model.model_validate(document.data) == first


@every_type
def test_it_prepares_by_itself(model: type[Part]) -> None:
    assert issubclass(model, Preparable)


@every_type
def test_the_reference_shows_its_example(model: type[Part]) -> None:
    page = steps_page() if base_of(model) is StepDefinition else actions_page()
    assert f"### `{example_of(model)['type']}`" in page
    assert model.example.strip() in page
