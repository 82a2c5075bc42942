"""Anchors and aliases of YAML: `&name` names a value, and `*name` stands for it (https://yaml.org/spec/1.2.2/#71-alias-nodes).

Each alias is replaced by the events of its value, so that the reader sees a tree. What that costs is known before it is
done: a value's size is recorded with its anchor, and aliases count as what they stand for. A document that would expand
beyond the bounds of its text ("a billion laughs") is refused at the alias that goes too far.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, Protocol

import yaml

from core.definitions.documents import Bounds
from core.definitions.problems import nearest, one_of

COUNTED = "An alias counts as what it stands for: use fewer, or split the document."


class Refuse(Protocol):
    """Raises DefinitionError for a problem at the place of an event."""

    def __call__(self, event: yaml.Event, message: str, hint: str | None = None) -> NoReturn: ...


@dataclass(frozen=True)
class _Size:
    """The number of values and keys, and of characters in them."""

    nodes: int = 0
    characters: int = 0

    def __add__(self, other: "_Size") -> "_Size":
        return _Size(self.nodes + other.nodes, self.characters + other.characters)

    def __sub__(self, other: "_Size") -> "_Size":
        return _Size(self.nodes - other.nodes, self.characters - other.characters)


@dataclass(frozen=True)
class _Anchored:
    """A value with an anchor: its events from `start` to `stop`, its size, and the line of the anchor."""

    start: int
    stop: int
    size: _Size
    line: int


@dataclass(frozen=True)
class _Open:
    """A list or mapping that has begun. `anchor`: its name, if any. `before`: the size of all that came before."""

    event: yaml.Event
    anchor: str | None
    start: int
    before: _Size


class Expansion:
    """The events of a text without aliases."""

    def __init__(self, events: Iterator[yaml.Event], bounds: Bounds, refuse: Refuse) -> None:
        self._source, self._bounds, self._refuse = events, bounds, refuse
        self._size = _Size()
        self._log: list[yaml.Event] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}

    def events(self) -> Iterator[yaml.Event]:
        """Yield the events. Raises DefinitionError at the first alias or value that is not allowed."""
        for event in self._source:
            if isinstance(event, yaml.DocumentStartEvent):
                self._begin()
            if isinstance(event, yaml.AliasEvent):
                yield from self._expanded(event)
            else:
                self._note(event)
                yield event

    def _begin(self) -> None:
        """Begin a document: anchors of earlier ones do not count."""
        self._size += _Size(nodes=1)
        self._log, self._open, self._anchors = [], [], {}

    def _note(self, event: yaml.Event) -> None:
        """Record an event that is written in the text."""
        before, start = self._size, len(self._log)
        self._count(event)
        self._log.append(event)
        if isinstance(event, yaml.CollectionStartEvent):
            self._check_new(event)
            self._open.append(_Open(event, event.anchor, start, before))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(self._open.pop())
        elif isinstance(event, yaml.ScalarEvent) and event.anchor:
            self._check_new(event)
            self._close(_Open(event, event.anchor, start, before))

    def _count(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._size += _size_of(event)
            if self._size.nodes > self._bounds.nodes:
                self._refuse(
                    event, f"There are more than {self._bounds.nodes} values and keys.", "Split the document."
                )

    def _check_new(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        name = event.anchor
        line = self._anchors[name].line if name in self._anchors else self._line_of_open(name)
        if name and line:
            self._refuse(event, f"There is already an anchor &{name}, on line {line}.", "Rename one.")

    def _line_of_open(self, name: str | None) -> int | None:
        found = (_line(each.event) for each in self._open if each.anchor == name)
        return next(found, None) if name else None

    def _close(self, ended: _Open) -> None:
        if ended.anchor:
            size, line = self._size - ended.before, _line(ended.event)
            self._anchors[ended.anchor] = _Anchored(ended.start, len(self._log), size, line)

    def _expanded(self, alias: yaml.AliasEvent) -> Iterator[yaml.Event]:
        """Yield the events of the alias's value, and record them: they may be part of another anchor's value."""
        name = str(alias.anchor)
        found = self._anchors.get(name)
        if found is None:
            self._refuse_unknown(alias, name)
        total = self._size + found.size
        if total.nodes > self._bounds.nodes:
            self._refuse(
                alias, f"With *{name}, there are more than {self._bounds.nodes} values and keys.", COUNTED
            )
        if total.characters > self._bounds.size:
            self._refuse(alias, f"With *{name}, this is larger than {self._bounds.size} characters.", COUNTED)
        self._size = total
        events = self._log[found.start : found.stop]
        self._log += events
        yield from events

    def _refuse_unknown(self, alias: yaml.AliasEvent, name: str) -> NoReturn:
        if self._line_of_open(name):
            self._refuse(
                alias, f"*{name} is inside of &{name}, so it would never end.", "Write the value out."
            )
        close = nearest(name, self._anchors)
        hint = (
            f"Did you mean *{one_of(close)}?"
            if close
            else f"Write &{name} before the value that it stands for."
        )
        self._refuse(alias, f"There is no anchor &{name} before this alias.", hint)


def _size_of(event: yaml.Event) -> _Size:
    return _Size(1, len(event.value) if isinstance(event, yaml.ScalarEvent) else 0)


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None, "every event of a parsed text has its marks"
    return event.start_mark.line + 1
