"""The drawing of a workflow: trigger, condition, and actions from the top down, branches side by side. Pure.

Every action has a box. The lists of a branch are lanes beside each other, which meet again below it. With the progress
of an execution, the boxes have their statuses, and the lines that it took are lit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.definitions.actions import ActionDefinition
from core.definitions.workflow import WorkflowDefinition
from core.statuses import Status

WIDTH, HEIGHT = 190, 44  # of a box
ACROSS, DOWN = 24, 36  # between boxes
MARGIN = 8
LONGEST = 21  # characters of a box's first line
LONGEST_SMALL = 30  # of its second, which is smaller
TRIGGER, CONDITION, END = "trigger", "condition", "end"


@dataclass(frozen=True)
class Progress:
    """How far an execution came. `taken`: the branch that each branch action took, by its id. `is_done`: to the end."""

    is_done: bool = False
    statuses: Mapping[str, Status] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)

    def has_reached(self, action: str) -> bool:
        return self.statuses.get(action, Status.PENDING) is not Status.PENDING


@dataclass(frozen=True)
class Box:
    """`kind`: `trigger`, `condition`, `action` or `end`. `status`: of the action in an execution; empty without one."""

    kind: str
    x: float
    y: float
    title: str = ""
    small: str = ""
    status: str = ""


@dataclass(frozen=True)
class Line:
    """A line between two boxes. `path`: as SVG draws it. `label` stands at `x`, `y`."""

    path: str
    is_lit: bool
    label: str = ""
    x: float = 0
    y: float = 0


@dataclass(frozen=True)
class Graph:
    boxes: Sequence[Box]
    lines: Sequence[Line]
    width: float
    height: float


@dataclass(frozen=True)
class _End:
    """The lower end of a box, from which a line goes on. `via`: the middle of the empty lane through which it goes."""

    x: float
    y: float
    is_lit: bool
    label: str = ""
    via: float | None = None


def draw(definition: WorkflowDefinition, progress: Progress | None = None) -> Graph:
    """Return the drawing. `progress`: of the execution whose path is lit."""
    return _Drawing(progress or Progress(), is_execution=progress is not None).whole(definition)


@dataclass
class _Drawing:
    progress: Progress
    is_execution: bool
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def whole(self, definition: WorkflowDefinition) -> Graph:
        lanes = lanes_of(definition.actions)
        middle = MARGIN + _span(lanes) / 2
        ends = [self._head(Box(TRIGGER, middle, MARGIN, definition.trigger.on, "starts it"), [])]
        if definition.when is not None:
            ends = [self._head(Box(CONDITION, middle, self._below(ends), definition.when, "only if"), ends)]
        ends = self._list(definition.actions, MARGIN, lanes, ends, is_taken=True)
        bottom = self._below(ends)
        self._connect(ends, middle, bottom, is_reached=self.progress.is_done)
        self.boxes.append(Box(END, middle, bottom))
        lines = sorted(self.lines, key=lambda line: line.is_lit)  # nothing is drawn over what is lit
        return Graph(self.boxes, lines, _span(lanes) + 2 * MARGIN, bottom + 2 * MARGIN)

    def _head(self, box: Box, ends: Sequence[_End]) -> _End:
        """Draw the trigger or the condition, which every execution has behind it."""
        self._connect(ends, box.x, box.y, is_reached=self.is_execution)
        self.boxes.append(replace(box, title=cut(box.title, LONGEST)))
        return _End(box.x, box.y + HEIGHT, self.is_execution)

    def _list(
        self,
        actions: Sequence[ActionDefinition],
        left: float,
        lanes: int,
        ends: list[_End],
        *,
        is_taken: bool,
    ) -> list[_End]:
        """Draw a list of actions in the middle of its lanes, and return the ends of what comes last."""
        middle = left + _span(lanes) / 2
        for action in actions:
            y, is_reached = self._below(ends), is_taken and self.progress.has_reached(action.id)
            self._connect(ends, middle, y, is_reached=is_reached)
            self.boxes.append(self._box(action, middle, y))
            end = _End(middle, y + HEIGHT, is_reached)
            start = middle - _span(lanes_of([action])) / 2
            ends = list(self._lanes(action, start, end)) if action.branches() else [end]
        return ends

    def _lanes(self, action: ActionDefinition, left: float, end: _End) -> Iterator[_End]:
        """Draw the lists of a branch beside each other. An empty one is only a line."""
        taken = self.progress.taken.get(action.id)
        for name, actions in action.branches().items():
            lanes, is_taken = max(lanes_of(actions), 1), end.is_lit and taken == name
            begin = replace(end, is_lit=is_taken, label=name)
            if actions:
                yield from self._list(actions, left, lanes, [begin], is_taken=is_taken)
            else:
                yield replace(begin, via=left + _span(lanes) / 2)
            left += _span(lanes) + ACROSS

    def _box(self, action: ActionDefinition, x: float, y: float) -> Box:
        status = self.progress.statuses.get(action.id)
        condition = f" if {action.condition}" if action.condition is not None else ""
        small = cut(f"{action.type}{condition}", LONGEST_SMALL)
        return Box("action", x, y, cut(action.id, LONGEST), small, status.value if status else "")

    def _connect(self, ends: Sequence[_End], x: float, y: float, *, is_reached: bool) -> None:
        for end in ends:
            self.lines.append(_line(end, x, y, is_lit=end.is_lit and is_reached))

    def _below(self, ends: Sequence[_End]) -> float:
        return max(end.y + (DOWN if end.via is not None else 0) for end in ends) + DOWN


def lanes_of(actions: Sequence[ActionDefinition]) -> int:
    """Return how many boxes stand side by side where a list of actions is widest."""
    return max(
        (sum(max(lanes_of(inner), 1) for inner in action.branches().values()) or 1 for action in actions),
        default=0,
    )


def _span(lanes: int) -> float:
    return lanes * WIDTH + (lanes - 1) * ACROSS


def _line(end: _End, x: float, y: float, *, is_lit: bool) -> Line:
    """Draw from the lower end of a box to the upper edge of one at `x`, `y`: down, across, and down."""
    through = f"V{end.y + DOWN / 2:g}H{end.via:g}" if end.via is not None else ""
    path = f"M{end.x:g} {end.y:g}{through}V{y - DOWN / 2:g}H{x:g}V{y:g}"
    return Line(path, is_lit, end.label, end.via if end.via is not None else x, end.y + DOWN / 2)


def cut(text: str, longest: int) -> str:
    """Return the text on one line, not longer than fits."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
