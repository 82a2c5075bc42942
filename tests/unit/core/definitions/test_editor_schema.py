"""The schemas for editors are valid and agree with the validation."""

from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator, meta

from core.definitions.kinds import KINDS, schema_of
from core.definitions.sources import load_documents
from core.definitions.steps import step_types

EXAMPLES = sorted(Path("examples/definitions").glob("*.yaml"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema_and_describes_each_field(kind: str) -> None:
    schema = schema_of(kind)
    meta.validate(dict(schema))
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert [name for name, field in properties.items() if not field.get("description")] == []
    assert properties["kind"]["const"] == kind


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_fit(file: Path) -> None:
    for document in load_documents(file.read_text(), file=file.name):
        Draft202012Validator(dict(schema_of(str(document.data["kind"])))).validate(document.data)


@pytest.mark.parametrize(
    "change",
    [
        {"nmae": "x"},
        {"steps": []},
        {"steps": [{"id": "a", "type": "http"}]},
        {"steps": [{"id": "a", "type": "nope"}]},
        {"steps": [{"id": "a", "type": "wait", "for": "soon"}]},
        {"tests": [{"name": "a"}]},
    ],
)
def test_what_validation_refuses_the_schema_refuses(change: dict[str, object]) -> None:
    good = {"kind": "runbook", "name": "x", "steps": [{"id": "a", "type": "wait", "for": "1s"}]}
    validator = Draft202012Validator(dict(schema_of("runbook")))
    assert validator.is_valid(good)
    assert not validator.is_valid(good | change)


def test_every_step_type_is_in_it_and_a_default_is_written_as_people_do() -> None:
    definitions = schema_of("runbook")["$defs"]
    assert isinstance(definitions, dict)
    assert {model.__name__ for model in step_types().values()} <= definitions.keys()
    assert definitions["ApprovalStep"]["properties"]["expires"]["default"] == "1h"
