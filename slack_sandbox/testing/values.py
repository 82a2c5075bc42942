"""From what a test says to Slack's own form of a value: https://docs.slack.dev/reference/block-kit/block-elements."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, Protocol, runtime_checkable

from slack_sandbox.interactions.elements import value_key
from slack_sandbox.testing.failures import NotFound
from slack_sandbox.testing.words import words_of
from slack_sandbox.values import Json


@runtime_checkable
class Identified(Protocol):
    """A person or a channel."""

    @property
    def id(self) -> str: ...


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(option for group in groups for option in group["options"])]


def find_option(options: Sequence[Json], chosen: object) -> Json:
    """Find the option with this text, or with this value. Raises NotFound."""
    for option in options:
        if str(chosen) in (words_of(option["text"]), option["value"]):
            return option
    listed = ", ".join(f"“{words_of(option['text'])}”" for option in options) or "none"
    raise NotFound(f"There is no option “{chosen}”. There are: {listed}.")


def entered_value(element: Json, given: object, options: Sequence[Json]) -> Json:
    """Return the element's state after a person entered `given`: {type, value…}."""
    key = value_key(element)
    value = _several(key, given, options) if key.endswith("s") else _one(key, given, options)
    return {"type": element["type"], key: value}


def _several(key: str, given: object, options: Sequence[Json]) -> list[Any]:
    return [_one(key.removesuffix("s"), each, options) for each in _each(given)]


def texts_of(given: object) -> list[str]:
    """What a person types to find it, or each of them."""
    return [str(each) for each in _each(given)]


def _each(given: object) -> Iterator[object]:
    if given is None or isinstance(given, str) or not isinstance(given, (Sequence, set, frozenset)):
        yield from () if given in (None, "") else (given,)
    else:
        yield from given


def _one(key: str, given: object, options: Sequence[Json]) -> Any:
    if given is None or given == "":
        return None
    if key == "selected_option":
        return find_option(options, given)
    if isinstance(given, Identified):
        return given.id
    if isinstance(given, datetime):
        return int(given.timestamp())
    if isinstance(given, date):
        return given.isoformat()
    if isinstance(given, time):
        return f"{given:%H:%M}"
    return given if key == "selected_date_time" else str(given)
