"""Checks that blocks, elements and views share. Each yields errors in Slack's own words."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from slack_sandbox.block_kit.limits import TEXT_OBJECT
from slack_sandbox.values import Json

PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")


@dataclass(frozen=True)
class Problem:
    """One thing wrong, and where: a JSON pointer (RFC 6901) into what the app sent."""

    message: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]


def require(value: Json, names: Collection[str], at: str) -> Problems:
    for name in names:
        if value.get(name) is None:
            yield Problem(f"missing required field: {name}", at)


def string(value: Any, at: str, longest: int, *, may_be_empty: bool = False) -> Problems:
    """A string of at most ``longest`` characters. None passes: what is required is asked elsewhere."""
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem("must be a string", at)
    elif not value and not may_be_empty:
        yield Problem("must be more than 0 characters", at)
    elif len(value) > longest:
        yield Problem(f"must be less than {longest + 1} characters", at)


def text_object(
    value: Any, at: str, longest: int = TEXT_OBJECT, kinds: Collection[str] = ANY_TEXT
) -> Problems:
    """A text object: https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
    if value is None:
        return
    if not isinstance(value, dict):
        yield Problem("must provide an object", at)
        return
    if value.get("type") not in kinds:
        yield Problem(f"must be one of: {', '.join(kinds)}", f"{at}/type")
    yield from require(value, ["text"], at)
    yield from string(value.get("text"), f"{at}/text", longest)


def list_of(value: Any, at: str, most: int, least: int = 1) -> tuple[list[tuple[str, Json]], list[Problem]]:
    """A list of objects: those that are objects, each with its pointer, and what is wrong with the list."""
    if not isinstance(value, list):
        return [], [Problem("must be a valid array", at)]
    problems = [
        Problem("must provide an object", f"{at}/{index}")
        for index, item in enumerate(value)
        if not isinstance(item, dict)
    ]
    if len(value) < least:
        problems.append(Problem(f"no less than {least} items allowed", at))
    if len(value) > most:
        problems.append(Problem(f"no more than {most} items allowed", at))
    return [(f"{at}/{index}", item) for index, item in enumerate(value) if isinstance(item, dict)], problems


def unique(values: Iterator[tuple[str, str]], what: str) -> Problems:
    """Refuse a name that occurs twice. ``values`` are (pointer, name) pairs."""
    seen: set[str] = set()
    for at, name in values:
        if name in seen:
            yield Problem(f'{what} "{name}" already exists for another element', at)
        seen.add(name)
