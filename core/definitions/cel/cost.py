"""An upper bound on the cost of an evaluation, from the syntax tree and the sizes of the values.

The library cannot be interrupted and holds the interpreter's lock while it evaluates, so an evaluation that would take
too long must not be started. The bound is that of Kubernetes' CEL (https://kubernetes.io/docs/reference/using-api/cel/,
"Cost limits"), but uses the actual sizes of the values where Kubernetes uses those of a schema.

A loop over n values costs at most n times its body's cost for an empty value, plus once its cost for all values as one.
This holds because all costs below grow at least in proportion to the sizes, so separate values cost no more than
combined ones.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.definitions.cel.nodes import Call, Listed, Literal, Loop, Node, Operation, Part, Path

MOST_WORK = 1_100_000  # units of about 0.2 µs: map() over a thousand numbers
DEEPEST_LOOPS = 4
MOST_PLAIN_OPERANDS = 4
ROUND = 20  # one iteration of a loop
CALL = 15  # a function that is called through Python
HANDED_OVER = 8  # for each item passed in or out
COMPARED = 10  # items compared per unit
CHARACTERS = 200  # characters copied in the time of one item
COMPILED = 300  # compiling a regular expression, at least
HEAVIEST_PATTERN = 300_000  # states; the library refuses to compile larger patterns
CHARACTERS_A_STATE = 20  # characters matched in the time of one item

_COUNTS = re.compile(r"\{(\d{1,6})(?:,(\d{0,6}))?\}")
_LOOPS_THAT_BUILD = frozenset({"map", "filter"})
_BUILT_IN = frozenset(
    {"size", "has", "contains", "startsWith", "endsWith", "int", "uint", "double", "bytes", "dyn", "type"}
)
_LETTER_BY_LETTER = frozenset({"lowerAscii", "upperAscii", "strings.quote"})


@dataclass(frozen=True, slots=True)
class Size:
    """The maximum size of a value: its own `length`, and all `items` and `characters` in it, at any depth.

    `least`: for a text, its minimum length; for a list, how many of its `items` count one per entry.
    """

    length: int = 0
    items: int = 1
    characters: int = 0
    least: int = 0

    @property
    def work(self) -> int:
        """The cost of traversing the whole value."""
        return self.items + self.characters // CHARACTERS

    def part(self) -> "Size":
        """Return the size of any value within this one."""
        return Size(self.items + self.characters, self.items, self.characters)

    def beyond(self) -> "Size":
        """Return the size of all entries taken together, without the one item per entry."""
        more = max(self.items - 1 - self.least, 0)
        return Size(more + self.characters, 1 + more, self.characters)


NOTHING = Size()
SizeOf = Callable[[Path], Size]
TextOf = Callable[[Path], str | None]


def size_of(value: object) -> Size:
    """Return the size of plain data, as produced by `to_cel`."""
    items = characters = 0
    pending = [value]
    while pending:
        part = pending.pop()
        items += 1
        if isinstance(part, str | bytes):
            characters += len(part)
        elif isinstance(part, dict):
            pending += [*part, *part.values()]
        elif isinstance(part, list):
            pending += part
    length = len(value) if isinstance(value, str | bytes | dict | list) else 0
    return Size(length, items, characters, length)


def _together(sizes: Iterable[Size]) -> Size:
    """Return the size of a value that contains all of them."""
    found = tuple(sizes)
    items, characters = sum(size.items for size in found), sum(size.characters for size in found)
    return Size(len(found), items + 1, characters, len(found))


def _joined(sizes: Iterable[Size]) -> Size:
    """Return the size of concatenated texts or lists."""
    found = tuple(sizes)
    whole = _together(found)
    length, least = sum(size.length for size in found), sum(size.least for size in found)
    return Size(length, whole.items, whole.characters, least)


def _either(sizes: Iterable[Size]) -> Size:
    found = tuple(sizes)
    return Size(
        max(size.length for size in found),
        max(size.items for size in found),
        max(size.characters for size in found),
    )


class Meter:
    """Adds up the cost of one evaluation. `size_of_path` and `text_of_path` look variables up."""

    def __init__(self, size_of_path: SizeOf, text_of_path: TextOf) -> None:
        self._size_of_path, self._text_of_path = size_of_path, text_of_path
        self._bound: dict[str, Size] = {}
        self._factor = 1
        self.work = 0

    def spend(self, work: int) -> None:
        self.work += work * self._factor

    def measure(self, node: Node) -> Size:
        """Return the size of the node's value, and spend the cost of computing it."""
        self.spend(1)
        match node:
            case Literal():
                length = node.least or len(node.text)
                return Size(length, 1, length, node.least)
            case Path():
                return self._path(node)
            case Part():
                return self._part(node)
            case Listed():
                found = _together(map(self.measure, node.items))
                self.spend(found.items)
                return found
            case Operation():
                return self._operation(node)
            case Call():
                return self._call(node)
            case Loop():
                return self._loop(node)

    def _path(self, node: Path) -> Size:
        bound = self._bound.get(node.root)
        self.spend(2 * len(node.members))
        if bound is None:
            return self._size_of_path(node)
        return bound.part() if node.members else bound

    def _part(self, node: Part) -> Size:
        if node.by is not None:
            self.measure(node.by)
        return self.measure(node.of).part()

    def _operation(self, node: Operation) -> Size:
        operands = tuple(map(self.measure, node.operands))
        if node.sign == "+":
            whole = _joined(operands)
            self.spend(
                whole.work * (len(operands) - 1)
            )  # evaluated left to right: each `+` copies everything before it
            return whole
        if node.sign == "?:":
            return _either(operands[1:])
        self.spend(sum(size.work // COMPARED for size in operands))
        return NOTHING

    def _call(self, node: Call) -> Size:
        arguments = tuple(map(self.measure, node.arguments))
        if node.name == "matches":
            self._match(node, arguments)
            return NOTHING
        result = RESULTS.get(node.name, _joined)(arguments) if arguments else NOTHING
        if node.name in _LETTER_BY_LETTER:
            self.spend(result.characters // 2)
        if node.name in _BUILT_IN:
            self.spend(sum(size.work for size in arguments))
        else:
            given = _together((*arguments, result))
            self.spend(CALL + HANDED_OVER * given.items + given.work)
        return result

    def _match(self, node: Call, arguments: tuple[Size, ...]) -> None:
        states = pattern_weight(self._text(node.arguments[-1]))
        text = arguments[0].length if arguments else 0
        self.spend(COMPILED + states + text * states // CHARACTERS_A_STATE)

    def _text(self, node: Node) -> str | None:
        """Return the text value of a node if it is known; otherwise None."""
        if isinstance(node, Literal):
            return node.text
        is_variable = isinstance(node, Path) and node.root not in self._bound
        return self._text_of_path(node) if isinstance(node, Path) and is_variable else None

    def _loop(self, node: Loop) -> Size:
        over = self.measure(node.over)
        each = self._bodies(node, NOTHING, over.length)
        beyond = self._bodies(node, over.beyond(), 1)
        if node.macro not in _LOOPS_THAT_BUILD:
            return NOTHING
        made = over if node.macro == "filter" else _made(over, each, beyond)
        self.spend(
            over.length * made.work
        )  # the list being built is copied for every entry, with everything in it
        return made

    def _bodies(self, node: Loop, item: Size, times: int) -> Size:
        outer, factor = self._bound, self._factor
        self._bound, self._factor = {**outer, node.variable: item}, factor * times
        self.spend(ROUND)
        results = [self.measure(body) for body in node.bodies]
        self._bound, self._factor = outer, factor
        return results[-1] if results else NOTHING


def _made(over: Size, each: Size, beyond: Size) -> Size:
    """Return the size of the result of map() over `over`: `each` per entry, plus `beyond` for all of them."""
    items = 1 + each.items * over.length + beyond.items - 1
    return Size(over.length, items, each.characters * over.length + beyond.characters, over.least)


def pattern_weight(pattern: str | None) -> int:
    """Estimate the number of states of a regular expression; None stands for an unknown pattern."""
    if pattern is None:
        return HEAVIEST_PATTERN
    states = 2 + len(pattern) * (50 if "\\" in pattern or "(?" in pattern else 1)  # \pL alone has hundreds
    for least, most in _COUNTS.findall(pattern):
        states = min(states * (int(most or least) + 1), HEAVIEST_PATTERN)
    return min(states, HEAVIEST_PATTERN)


def loop_depth(node: Node) -> int:
    """Return how deeply loops are nested."""
    inner = max(map(loop_depth, node.inner), default=0)
    return max(1 + max(map(loop_depth, node.bodies), default=0), inner) if isinstance(node, Loop) else inner


def work_of(tree: Node, size_of_path: SizeOf, text_of_path: TextOf) -> int:
    """Return the maximum cost of evaluating the tree and of passing the result on."""
    meter = Meter(size_of_path, text_of_path)
    result = meter.measure(tree)
    return meter.work + HANDED_OVER * result.items + result.work


def is_plain(node: Node) -> bool:
    """Return whether the cost is proportional to the sizes of the values, and need not be measured each time."""
    if isinstance(node, Loop) or (isinstance(node, Call) and node.name not in _BUILT_IN):
        return False
    if isinstance(node, Operation) and node.sign == "+" and len(node.operands) > MOST_PLAIN_OPERANDS:
        return False
    return all(map(is_plain, node.inner))


Sizes = tuple[Size, ...]


def _split(arguments: Sizes) -> Size:
    text, separator = arguments[0], arguments[1] if len(arguments) > 1 else NOTHING
    pieces = text.length // max(separator.least, 1) + 1
    return Size(pieces, pieces + 1, text.characters, pieces)


def _replaced(arguments: Sizes) -> Size:
    text, old, new = (*arguments, NOTHING, NOTHING)[:3]
    times = text.length // old.least if old.least else text.length + 1
    length = text.length + times * new.length
    return Size(length, 1, length)


def _list_joined(arguments: Sizes) -> Size:
    separator = arguments[1].length if len(arguments) > 1 else 0
    length = arguments[0].characters + arguments[0].items * separator
    return Size(length, 1, length)


def _doubled(arguments: Sizes) -> Size:
    length = 2 * arguments[0].length + 30
    return Size(length, 1, length)


def _first(arguments: Sizes) -> Size:
    return arguments[0]


def _scalar(_arguments: Sizes) -> Size:
    return NOTHING


# The size of a function's result, where it is not the sum of the arguments.
RESULTS: Mapping[str, Callable[[Sizes], Size]] = {
    "split": _split,
    "replace": _replaced,
    "join": _list_joined,
    **dict.fromkeys(("strings.quote", "base64.encode", "string", "bytes"), _doubled),
    **dict.fromkeys(("charAt", "substring", "trim", "lowerAscii", "upperAscii", "reverse"), _first),
    **dict.fromkeys(("size", "has", "contains", "startsWith", "endsWith", "indexOf", "lastIndexOf"), _scalar),
    **dict.fromkeys(("int", "uint", "double", "timestamp", "duration", "type", "bool"), _scalar),
}
