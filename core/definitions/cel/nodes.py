"""The nodes of an expression's syntax tree. Each gives the nodes below it as `inner`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """`text`: of a text what stands in the source, its quotes included; empty for a number, true, false and null.

    `least`: so many characters it has at least; 0 where escapes make that hard to tell.
    """

    text: str = ""
    least: int = 0

    @property
    def inner(self) -> tuple["Node", ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Path:
    """A variable with the members that are taken from it by their names."""

    root: str
    members: tuple[str, ...] = ()

    @property
    def inner(self) -> tuple["Node", ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Part:
    """A member or an item of something."""

    of: "Node"
    by: "Node | None" = None

    @property
    def inner(self) -> tuple["Node", ...]:
        return (self.of,) if self.by is None else (self.of, self.by)


@dataclass(frozen=True, slots=True)
class Call:
    """A function; of a method, the target is the first of the arguments."""

    name: str
    arguments: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Loop:
    """A macro that evaluates its `bodies` for every item of `over`, as `variable`."""

    macro: str
    over: "Node"
    variable: str
    bodies: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return (self.over, *self.bodies)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, or the keys and values of a mapping, as they are written."""

    items: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator, `?:` among them."""

    sign: str
    operands: tuple["Node", ...]

    @property
    def inner(self) -> tuple["Node", ...]:
        return self.operands


Node = Literal | Path | Part | Call | Loop | Listed | Operation
