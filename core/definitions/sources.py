"""The reader for documents: a small, safe subset of YAML 1.2 (and therefore JSON), with the position of each value.

PyYAML produces the events; this module interprets them. Only the types of the core schema exist (yes, no, on, off and
dates are text: https://yaml.org/spec/1.2.2/#103-core-schema). Anchors, aliases, tags and duplicate keys are rejected,
and size and depth are bounded, so the result is a tree no larger than its text.
"""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

import yaml

from core.definitions.documents import OF_FILES, Bounds, Document, Path, Place, place_of
from core.definitions.problems import Problem
from core.definitions.yaml_format import BadScalar, plain_scalar, unreadable
from core.errors import DefinitionError

DEEPEST = 64

_Loader: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE
)


def load_documents(text: str, *, file: str, bounds: Bounds = OF_FILES) -> list[Document]:
    """Read every document of a YAML or JSON text. `file` is the name shown in problems, `bounds` the size limits.

    Raises DefinitionError with one Problem for the first thing that is not allowed.
    """
    if len(text.encode(errors="replace")) > bounds.size:
        _refuse(file, (1, 1), f"This is larger than {bounds.size} bytes.", "Split it into smaller files.")
    if half := _SURROGATE.search(text):
        _refuse(
            file,
            place_of(text, half.start()),
            "The text is not valid Unicode: there is half of a surrogate pair here.",
        )
    text = _join_surrogates(text.removeprefix("\ufeff"))
    try:
        documents = list(_Reader(text, file, bounds.nodes).documents())
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


def _join_surrogates(text: str) -> str:
    """Convert JSON's surrogate pair escapes to YAML's, which does not know surrogate pairs."""
    if text.lstrip()[:1] not in {"{", "["} or not _is_json(text):
        return text
    return _SURROGATE_PAIR.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    character = bytes.fromhex(match[2] + match[3]).decode("utf-16-be")
    return f"{match[1]}\\U{ord(character):08x}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Reader:
    """Builds documents from events, counting the depth so that recursion is bounded."""

    def __init__(self, text: str, file: str, most_nodes: int) -> None:
        self.text, self.file, self.most_nodes, self.nodes = text, file, most_nodes, 0
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
        self.places: dict[Path, Place] = {}
        self.key_places: dict[Path, Place] = {}
        self.spans: dict[Path, tuple[int, int]] = {}

    def documents(self) -> Iterator[Document]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.nodes += 1
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

    def _mapping(self, path: Path) -> dict[str, object]:
        items: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path)
            if key in items:
                line = self.key_places[(*path, key)][0]
                self._refuse(event, f"The key {key!r} appears twice, first on line {line}.", "Keep one.")
            self.key_places[(*path, key)] = _place(event)
            items[key] = self._value(next(self.events), (*path, key))
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
        if isinstance(event, yaml.AliasEvent):
            self._refuse(
                event, f"*{event.anchor} is an alias, and aliases are not allowed.", "Write the value out."
            )
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionStartEvent):
            self._refuse(event, "A value is missing here.")
        if event.anchor:
            self._refuse(event, f"&{event.anchor} is an anchor, and anchors are not allowed.", "Remove it.")
        tag = getattr(event, "tag", None)
        if tag:
            self._refuse(event, f"The tag {tag} is not allowed.", "Remove it; put text in quotes.")
        self.nodes += 1
        if self.nodes > self.most_nodes:
            self._refuse(
                event, f"There are more than {self.most_nodes} values and keys.", "Split the document."
            )
        if len(path) > DEEPEST:
            self._refuse(event, f"This is nested deeper than {DEEPEST} levels.")

    def _refuse(self, event: yaml.Event, message: str, hint: str | None = None) -> NoReturn:
        _refuse(self.file, _place(event), message, hint)


def _place(event: yaml.Event) -> Place:
    assert event.start_mark is not None, "every event of a parsed text has its marks"
    return event.start_mark.line + 1, event.start_mark.column + 1


def _span(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index
