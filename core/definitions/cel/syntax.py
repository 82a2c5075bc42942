"""A syntax tree of CEL source, with only as much detail as the cost of an evaluation depends on.

The grammar is https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax. The library parses the source as
well, but does not expose its tree. Source that cannot be parsed here is not evaluated.
"""

from core.definitions.cel.nodes import Call, Listed, Literal, Loop, Node, Operation, Part, Path
from core.definitions.cel.tokens import MACROS, NAMESPACES, Token, all_tokens

DEEPEST = 40
_SUM = 4  # subtraction costs no more than addition
_LEVELS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">=", ">", "==", "!=", "in"), 3),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/%", 5),
}
_HIGHEST = 6
_CONSTANTS = frozenset({"true", "false", "null"})
_END = Token("end", "", 0)


class NotUnderstood(ValueError):
    """The source is nested too deep or cannot be parsed; `offset` is the position."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def parse(source: str) -> Node:
    """Return the tree of an expression. Raises NotUnderstood."""
    return _Parser(all_tokens(source)).whole()


class _Parser:
    """Recursive descent with one method per rule; `depth` counts the open levels."""

    def __init__(self, all_tokens: tuple[Token, ...]) -> None:
        self.tokens, self.at, self.depth = all_tokens, 0, 0

    def whole(self) -> Node:
        node = self.expression()
        if self.at < len(self.tokens):
            self.fail()
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotUnderstood(f"it is nested deeper than {DEEPEST} levels", self.here.offset)
        node = self.binary(1)
        if self.took("?"):
            then = self.binary(1)
            self.need(":")
            node = Operation("?:", (node, then, self.expression()))
        self.depth -= 1
        return node

    def binary(self, level: int) -> Node:
        """Parse operands joined by operators of this level or above; those of one level become one operation."""
        node = self.unary()
        while (found := _LEVELS.get(self.here.text, 0)) >= level:
            sign, operands = ("+" if found == _SUM else self.here.text), [node]
            while _LEVELS.get(self.here.text) == found:
                self.next()
                operands.append(self.binary(found + 1) if found < _HIGHEST - 1 else self.unary())
            node = Operation(sign, tuple(operands))
        return node

    def unary(self) -> Node:
        signs = 0
        while self.here.text in {"!", "-"}:
            signs += 1
            self.next()
        node = self.member()
        return Operation("!", (node,)) if signs else node

    def member(self) -> Node:
        node = self.primary()
        while self.here.text in {".", "["}:
            node = self.named(node) if self.next().text == "." else self.indexed(node)
        return node

    def named(self, target: Node) -> Node:
        name = self.next()
        if name.kind != "name":
            self.fail(back=1)
        if self.took("("):
            return self.method(target, name.text)
        if isinstance(target, Path):
            return Path(target.root, (*target.members, name.text))
        return Part(target)

    def indexed(self, target: Node) -> Node:
        literal = self.here.literal
        index = self.expression()
        self.need("]")
        if isinstance(target, Path) and literal is not None and isinstance(index, Literal):
            return Path(target.root, (*target.members, literal))
        return Part(target, index)

    def method(self, target: Node, name: str) -> Node:
        is_loop = name in MACROS and self.here.kind == "name" and self.ahead.text == ","
        if is_loop:
            variable = self.next().text
            self.next()
            return Loop(name, target, variable, self.listed(")"))
        arguments = self.listed(")")
        if isinstance(target, Path) and not target.members and target.root in NAMESPACES:
            return Call(f"{target.root}.{name}", arguments)
        return Call(name, (target, *arguments))

    def primary(self) -> Node:
        self.took(".")  # a name at the root: CEL writes .name
        token = self.next()
        if token.kind == "string":
            return Literal(token.text, len(token.literal or ""))
        if token.kind == "number" or token.text in _CONSTANTS:
            return Literal()
        if token.kind == "name":
            return Call(token.text, self.listed(")")) if self.took("(") else Path(token.text)
        if token.text == "(":
            node = self.expression()
            self.need(")")
            return node
        if token.text == "[":
            return Listed(self.listed("]"))
        if token.text == "{":
            return Listed(self.listed("}"))
        return self.fail(back=1)

    def listed(self, closing: str) -> tuple[Node, ...]:
        """Parse what is between commas (in a mapping, also colons), up to the closing bracket."""
        items: list[Node] = []
        while not self.took(closing):
            items.append(self.expression())
            if self.here.text not in {closing, ",", ":"} or (self.here.text == ":" and closing != "}"):
                self.fail()
            if self.here.text != closing:
                self.next()
        return tuple(items)

    @property
    def here(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    @property
    def ahead(self) -> Token:
        return self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else _END

    def next(self) -> Token:
        token = self.here
        self.at += 1
        return token

    def took(self, text: str) -> bool:
        found = self.here.text == text and self.here.kind == "sign"
        self.at += found
        return found

    def need(self, text: str) -> None:
        if not self.took(text):
            self.fail()

    def fail(self, back: int = 0) -> Node:
        self.at -= back
        raise NotUnderstood(f"{self.here.text[:20]!r} is not expected here", self.here.offset)
