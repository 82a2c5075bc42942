"""The reader for documents: a small, safe subset of YAML 1.2 (and therefore JSON), with the position of each value.

PyYAML produces the events; this module interprets them. Only the types of the core schema exist (yes, no, on, off and
dates are text: https://yaml.org/spec/1.2.2/#103-core-schema). Tags and duplicate keys are rejected. Aliases are
replaced by what they stand for (`yaml_aliases`), and merge keys by what they merge (https://yaml.org/type/merge.html):
size and depth of the result are bounded, and the place of each value is that of the text it was written with.
"""

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from typing import NoReturn

import yaml

from core.definitions.documents import OF_FILES, Bounds, Document, Path, Place, place_of
from core.definitions.problems import Problem
from core.definitions.surrogates import half_pair, join_surrogates
from core.definitions.yaml_aliases import Expansion
from core.definitions.yaml_format import BadScalar, plain_scalar, unreadable
from core.errors import DefinitionError

DEEPEST = 64
MOST_MERGES = 8  # merge keys within what another one merges
MERGE = "<<"
HOW_TO_MERGE = "Write <<: *name, or <<: [*one, *another]."

_Loader: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_documents(text: str, *, file: str, bounds: Bounds = OF_FILES) -> list[Document]:
    """Read every document of a YAML or JSON text. `file` is the name shown in problems, `bounds` the size limits.

    Raises DefinitionError with one Problem for the first thing that is not allowed.
    """
    if len(text.encode(errors="replace")) > bounds.size:
        _refuse(file, (1, 1), f"This is larger than {bounds.size} bytes.", "Split it into smaller files.")
    if half := half_pair(text):
        _refuse(
            file,
            place_of(text, half.start()),
            "The text is not valid Unicode: there is half of a surrogate pair here.",
        )
    text = join_surrogates(text.removeprefix("\ufeff"))
    try:
        documents = list(_Reader(text, file, bounds).documents())
    except yaml.MarkedYAMLError as error:
        found = unreadable(error)
        _refuse(file, (found.line, found.column), found.message, found.hint)
    except yaml.reader.ReaderError as error:
        _refuse(
            file,
            place_of(text, error.position),
            "This is not valid YAML: there is a control character here.",
            "Remove it.",
        )
    if not documents:
        _refuse(
            file, (1, 1), "The text contains no document.", "Start one with kind: team, runbook or workflow."
        )
    return documents


def _refuse(file: str, place: Place, message: str, hint: str | None = None) -> NoReturn:
    raise DefinitionError(problems=[Problem(file, *place, message, hint)])


@dataclass(frozen=True)
class _Merge:
    """A merge key: its event, what it merges as events, and how many keys come before it."""

    key: yaml.Event
    events: list[yaml.Event]
    position: int


class _Reader:
    """Builds documents from events, counting the depth so that recursion is bounded."""

    def __init__(self, text: str, file: str, bounds: Bounds) -> None:
        self.text, self.file, self.merges = text, file, 0
        parsed: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
        self.events = Expansion(parsed, bounds, self._refuse).events()
        self.places: dict[Path, Place] = {}
        self.key_places: dict[Path, Place] = {}
        self.spans: dict[Path, tuple[int, int]] = {}

    def documents(self) -> Iterator[Document]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                document = self._document()
                if document:
                    yield document

    def _document(self) -> Document | None:
        self.places, self.key_places, self.spans = {}, {}, {}
        first = next(self.events)
        data = self._value(first, ())
        if data is None:
            return None
        if not isinstance(data, dict):
            self._refuse(
                first, "A document must be a mapping.", "Start it with kind: team, runbook or workflow."
            )
        return Document(data, self.file, self.text, self.places, self.key_places, self.spans)

    def _value(self, event: yaml.Event, path: Path) -> object:
        self._check(event, path)
        self.places[path] = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            self.spans[path] = _span(event)
            return self._scalar(event)
        return self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _sequence(self, path: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path, taken: Set[str] = frozenset()) -> dict[str, object]:
        """Read a mapping to its end. `taken`: keys that are left out, since the mapping that merges it has them."""
        items: dict[str, object] = {}
        lines: dict[str, int] = {}
        merge: _Merge | None = None
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if _is_merge(event):
                self._refuse_twice(event, MERGE, _place(merge.key)[0] if merge else None)
                merge = _Merge(event, list(self._node()), len(items))
                continue
            key = self._key(event, path)
            self._refuse_twice(event, key, lines.get(key))
            lines[key] = _place(event)[0]
            if key in taken:
                list(self._node())
                continue
            self.key_places[(*path, key)] = _place(event)
            items[key] = self._value(next(self.events), (*path, key))
        return self._with_merged(items, merge, path, taken, lines) if merge else items

    def _refuse_twice(self, event: yaml.Event, key: str, line: int | None) -> None:
        if line is not None:
            hint = HOW_TO_MERGE if _is_merge(event) else "Keep one."
            self._refuse(event, f"The key {key!r} appears twice, first on line {line}.", hint)

    def _node(self) -> Iterator[yaml.Event]:
        """Yield the events of the next value, without reading it."""
        depth = 0
        for event in self.events:
            yield event
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return

    def _with_merged(
        self, items: dict[str, object], merge: _Merge, path: Path, taken: Set[str], own: Collection[str]
    ) -> dict[str, object]:
        """Return the items with the merged ones in the place of the merge key. Keys of the mapping itself win."""
        merged: dict[str, object] = {}
        left_out = {*taken, *own}
        for source in self._sources(merge):
            found = self._merged(source, merge, path, left_out)
            left_out |= found.keys()
            merged |= found
        listed = list(items.items())
        return dict([*listed[: merge.position], *merged.items(), *listed[merge.position :]])

    def _sources(self, merge: _Merge) -> Iterator[Iterator[yaml.Event]]:
        """Yield the events of each mapping that is merged, without its start."""
        events = iter(merge.events)
        first = next(events)
        if isinstance(first, yaml.MappingStartEvent):
            yield events
            return
        if not isinstance(first, yaml.SequenceStartEvent):
            self._refuse(first, "<< merges a mapping, and this is none.", HOW_TO_MERGE)
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            if not isinstance(event, yaml.MappingStartEvent):
                self._refuse(event, "<< merges mappings, and this is none.", HOW_TO_MERGE)
            yield events

    def _merged(
        self, source: Iterator[yaml.Event], merge: _Merge, path: Path, taken: Set[str]
    ) -> dict[str, object]:
        """Read what is merged as a part of the mapping at `path`. What is merged within merges is read again each time,
        so that is bounded.
        """
        if self.merges == MOST_MERGES:
            self._refuse(
                merge.key, f"Here are more than {MOST_MERGES} merges within each other.", HOW_TO_MERGE
            )
        rest, self.events = self.events, source
        self.merges += 1
        items = self._mapping(path, taken)
        self.merges -= 1
        self.events = rest
        return items

    def _key(self, event: yaml.Event, path: Path) -> str:
        self._check(event, path)
        key = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else event
        if not isinstance(key, str):
            if self._starts_template(event):
                self._refuse(event, "A text that starts with {{ needs quotes.", 'Write "{{ … }}".')
            written = event.value if isinstance(event, yaml.ScalarEvent) else "a list or mapping"
            self._refuse(
                event, f"A key must be text; this one is {written or 'empty'}.", "Write it in quotes."
            )
        return key

    def _starts_template(self, event: yaml.Event) -> bool:
        at = event.start_mark.index if event.start_mark else 0
        return self.text[max(at - 1, 0) : at + 1] == "{{"

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        try:
            return plain_scalar(event.value, is_plain=event.implicit[0] and not event.style)
        except BadScalar as error:
            self._refuse(event, str(error), error.hint)

    def _check(self, event: yaml.Event, path: Path) -> None:
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionStartEvent):
            self._refuse(event, "A value is missing here.")
        tag = getattr(event, "tag", None)
        if tag:
            self._refuse(event, f"The tag {tag} is not allowed.", "Remove it; put text in quotes.")
        if len(path) > DEEPEST:
            self._refuse(event, f"This is nested deeper than {DEEPEST} levels.")

    def _refuse(self, event: yaml.Event, message: str, hint: str | None = None) -> NoReturn:
        _refuse(self.file, _place(event), message, hint)


def _is_merge(event: yaml.Event) -> bool:
    """Return whether the event is the key `<<`. In quotes it is a key like any other."""
    return (
        isinstance(event, yaml.ScalarEvent) and event.value == MERGE and event.implicit[0] and not event.style
    )


def _place(event: yaml.Event) -> Place:
    assert event.start_mark is not None, "every event of a parsed text has its marks"
    return event.start_mark.line + 1, event.start_mark.column + 1


def _span(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index
