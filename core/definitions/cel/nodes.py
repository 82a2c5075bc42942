"""The nodes of an expression's syntax tree. The child nodes of each are its `inner`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal. `text`: the source of a string, including its quotes; empty for a number, true, false and null.

    `least`: the minimum length in characters; 0 if escapes make it hard to tell.
    """

    text: str = ""
    least: int = 0

    @property
    def inner(self) -> tuple["Node", ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Path:
    """A variable with the members accessed by name."""

    root: str
    members: tuple[str, ...] = ()

    @property
    def inner(self) -> tuple["Node", ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Part:
    """A member or an item of a value."""

    of: "Node"
    by: "Node | None" = None

    @property
    def inner(self) -> tuple["Node", ...]:
        return (self.of,) if self.by is None else (self.of, self.by)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; for a method, the target is the first argument."""

    name: str
    arguments: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Loop:
    """A macro that evaluates its `bodies` for every item of `over`, bound to `variable`."""

    macro: str
    over: "Node"
    variable: str
    bodies: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return (self.over, *self.bodies)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, or the keys and values of a mapping, as written."""

    items: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its operands, including `?:`."""

    sign: str
    operands: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.operands


Node = Literal | Path | Part | Call | Loop | Listed | Operation
