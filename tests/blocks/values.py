"""Values for every field of a view model, by its type; hostile text wherever people can write it.

A new field of a model, and a new model, get values without a line here. Only what core bounds by a rule of its own
(names, ids, people) has an entry in RULES.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from tests.blocks.nasty import AUTHORED, ERRORS, JSON, OUTPUTS, REQUESTS, TEXT

Values = st.SearchStrategy[Any]

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)
TIMES = st.integers(-(10**6), 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
PEOPLE = st.integers(0, 9999).map(lambda number: f"U{number:04}")
NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,62}\Z")
STEP_IDS = st.from_regex(r"\A[a-z][a-z0-9_]{0,62}\Z")
IDS = st.from_regex(r"\A(rbx|apr|inc|wfx|inp)_[a-z0-9]{20}\Z")
ACTORS = st.one_of(
    PEOPLE, NAMES.map(lambda name: f"workflow:{name}"), st.sampled_from(["operator", "system"])
)

RULES: Mapping[str, Values] = {
    **dict.fromkeys(("runbook", "workflow", "team", "definition"), NAMES),
    **dict.fromkeys(("step", "StepView.id", "ActionView.id", "PlannedStepView.id"), STEP_IDS),
    **dict.fromkeys(
        ("id", "execution_id", "incident_id", "runbook_id", "workflow_id", "workflow_execution_id"), IDS
    ),
    **dict.fromkeys(("retry_of", "retried_as", "parent_execution_id", "subject_id", "lock_id"), IDS),
    **dict.fromkeys(("slack_user_id", "frozen_by", "lifted_by", "answered_by"), PEOPLE),
    **dict.fromkeys(
        ("requester", "requested_by", "actor", "opened_by", "who", "changed_by", "approved_by"), ACTORS
    ),
    **dict.fromkeys(("people", "approved_by_people"), st.lists(PEOPLE, max_size=40, unique=True)),
    **dict.fromkeys(
        ("error", "approvers", "respondents", "asked_again", "nobody_left", "quarantine"), ERRORS
    ),
    "EscalationView.to": st.none() | ERRORS,  # one of our sentences, as `approvers` is
    "message": AUTHORED,
    "ExecutionView.message": st.none(),
    "TimelineEntryView.text": ERRORS,
    **dict.fromkeys((f"{kind}WithDiff.name" for kind in ("Runbook", "Workflow")), NAMES),
    "RetryView.refused": ERRORS,
    "RetryView.from_step": STEP_IDS,
    **dict.fromkeys(("RetryView.again", "RetryView.asked"), st.lists(STEP_IDS, max_size=40).map(tuple)),
    "CardFacts.approved_by": st.lists(PEOPLE, max_size=20).map(tuple),
    "LinkView.url": TEXT | st.just("https://tickets.example/1"),
    "type": st.sampled_from(["http", "shell", "approval", "wait", "message", "ssh", "sql"]),
    "deed": st.sampled_from(["asked", "opened", "retried", "answered"]),
    "digest": st.just("0" * 64),
    "slack_channel": st.none() | st.just("C0INC"),
    "channel": st.just("C0INC"),
    "ts": st.just("1763882000.000100"),
    "request": REQUESTS,
    "output": OUTPUTS,
    "schema": st.just({"type": "object", "properties": {"region": {"type": "string"}}}),
    "values_schema": st.just({"type": "object", "properties": {"region": {"type": "string"}}}),
    "expires_seconds": st.none() | st.floats(1, 10**6),
    "wait_seconds": st.none() | st.floats(1, 10**6),
    "seconds": st.floats(0, 10**6),
    "version": st.integers(1, 999),
    "approved_version": st.none() | st.integers(1, 999),
    "runbook_version": st.integers(1, 999),
    "incident_number": st.integers(1, 10**6),
    "number": st.integers(1, 10**6),
}
"""By `Model.field`, or by the field's name in any model."""


def values_of(model: type, **fixed: Values) -> Values:
    """Instances of a pydantic model or a dataclass. `fixed`: fields that the caller determines."""
    hints = typing.get_type_hints(model)
    names = (
        list(model.model_fields)
        if issubclass(model, BaseModel)
        else [field.name for field in dataclasses.fields(model)]  # type: ignore[arg-type]  # it is a dataclass
    )
    fields = {name: fixed.get(name, _field(model, name, hints[name])) for name in names}
    build = model.model_construct if issubclass(model, BaseModel) else model
    return st.fixed_dictionaries(fields).map(lambda values: build(**values))


def _field(model: type, name: str, annotation: Any) -> Values:
    found = RULES.get(f"{model.__name__}.{name}", RULES.get(name))
    if found is not None:
        return st.none() | found if type(None) in get_args(annotation) else found
    return st.deferred(lambda: _of(annotation))


def _of(annotation: Any) -> Values:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _of(arguments[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*map(_of, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (list, Sequence):
        return _lists(_of(arguments[0]))
    if origin is tuple:
        return _lists(_of(arguments[0])).map(tuple)
    if origin in (dict, Mapping):
        inner = _of(arguments[1])
        return st.one_of(*(st.dictionaries(TEXT, inner, max_size=most) for most in (2, 2, 4, 20)))
    return _of_class(annotation)


def _lists(inner: Values) -> Values:
    """Mostly short: a long one takes long to make."""
    return st.one_of(*(st.lists(inner, max_size=most) for most in (2, 2, 4, 24)))


def _of_class(kind: Any) -> Values:
    simple: dict[Any, Values] = {
        str: TEXT,
        int: st.integers(0, 40),
        float: st.floats(0, 10**6),
        bool: st.booleans(),
        datetime: TIMES,
        timedelta: st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
        type(None): st.none(),
        Any: JSON,
        object: JSON,
    }
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)):
        return values_of(kind)
    raise TypeError(f"tests/blocks/values.py has no values for {kind}")
