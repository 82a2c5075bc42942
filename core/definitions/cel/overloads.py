"""The functions of expressions and their argument types, for the reference and for validation.

CEL's own are those of https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions, the
others those of cel-go's extensions (https://pkg.go.dev/github.com/google/cel-go/ext). A test evaluates each overload.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SIGNATURE = re.compile(r"(?:(\w+)\.)?([\w.]+)\(([^)]*)\)")
# The types that have methods; any other word before a dot is a namespace, such as `math`.
_TARGETS = frozenset({"bytes", "duration", "list", "map", "string", "timestamp"})

_MACROS = (
    "has(member)",
    "list.all(name, bool)",
    "map.all(name, bool)",
    "list.exists(name, bool)",
    "map.exists(name, bool)",
    "list.exists_one(name, bool)",
    "map.exists_one(name, bool)",
    "list.filter(name, bool)",
    "map.filter(name, bool)",
    "list.map(name, any)",
    "list.map(name, bool, any)",
    "map.map(name, any)",
)
_CONVERSIONS = (
    *("bool(bool)", "bool(string)"),
    *("bytes(bytes)", "bytes(string)"),
    *("double(double)", "double(int)", "double(string)", "double(uint)"),
    *("duration(duration)", "duration(string)"),
    "dyn(any)",
    *("int(double)", "int(int)", "int(string)", "int(timestamp)", "int(uint)"),
    *("string(bool)", "string(bytes)", "string(double)", "string(duration)"),
    *("string(int)", "string(string)", "string(timestamp)", "string(uint)"),
    *("timestamp(int)", "timestamp(string)", "timestamp(timestamp)"),
    "type(any)",
    *("uint(double)", "uint(int)", "uint(string)", "uint(uint)"),
)
_TEXTS_AND_SIZES = (
    *("string.contains(string)", "string.startsWith(string)", "string.endsWith(string)"),
    *("matches(string, string)", "string.matches(string)"),
    *(f"size({kind})" for kind in ("bytes", "list", "map", "string")),
    *(f"{kind}.size()" for kind in ("bytes", "list", "map", "string")),
)
_OF_DURATIONS = ("getHours", "getMinutes", "getSeconds", "getMilliseconds")
ZONED = (
    *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear"),
    *("getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds"),
)
_OF_TIMES = (
    *(f"timestamp.{name}({zone})" for name in ZONED for zone in ("", "string")),
    *(f"duration.{name}()" for name in _OF_DURATIONS),
)
_OF_ONE_NUMBER = ("abs", "ceil", "floor", "isFinite", "isInf", "isNaN", "round", "sign", "sqrt", "trunc")
_EXTENSIONS = (
    *("base64.decode(string)", "base64.encode(bytes)", "base64.encode(string)"),
    "string.charAt(int)",
    *("string.indexOf(string)", "string.indexOf(string, int)"),
    *("string.lastIndexOf(string)", "string.lastIndexOf(string, int)"),
    *("list.join()", "list.join(string)"),
    *("string.lowerAscii()", "string.upperAscii()", "string.trim()", "string.reverse()"),
    *("string.replace(string, string)", "string.replace(string, string, int)"),
    *("string.split(string)", "string.split(string, int)"),
    *("string.substring(int)", "string.substring(int, int)"),
    "strings.quote(string)",
    *(f"math.{name}(number)" for name in _OF_ONE_NUMBER),
    *("math.bitAnd(int, int)", "math.bitOr(int, int)", "math.bitXor(int, int)", "math.bitNot(int)"),
    *("math.bitShiftLeft(int, int)", "math.bitShiftRight(int, int)"),
    *("math.greatest(number…)", "math.least(number…)"),
)


@dataclass(frozen=True)
class Overload:
    """One way to call a function. `target`: the type of which it is a method; None for a function.

    `arguments`: their types; if `repeats`, the last one may occur any number of times.
    """

    name: str
    target: str | None
    arguments: tuple[str, ...]
    repeats: bool = False

    @property
    def signature(self) -> str:
        target = f"{self.target}." if self.target else ""
        return f"{target}{self.name}({', '.join(self.arguments)}{'…' if self.repeats else ''})"

    def fits(self, count: int, *, is_method: bool) -> bool:
        """Return whether a call with so many arguments matches. Extensions can be called as functions or as methods."""
        if self.repeats:
            return count >= 1
        if self.name in EXTENSIONS:
            return count + is_method == len(self.arguments) + (self.target is not None)
        return is_method is (self.target is not None) and count == len(self.arguments)


def _overload(signature: str) -> Overload:
    match = _SIGNATURE.fullmatch(signature)
    assert match, signature
    target, name, written = match[1], match[2], match[3]
    if target is not None and target not in _TARGETS:
        target, name = None, f"{target}.{name}"
    arguments = tuple(each.strip().rstrip("…") for each in written.split(",") if each)
    return Overload(name, target, arguments, written.endswith("…"))


def _by_name(signatures: tuple[str, ...]) -> Mapping[str, tuple[Overload, ...]]:
    found: dict[str, tuple[Overload, ...]] = {}
    for signature in signatures:
        overload = _overload(signature)
        found[overload.name] = (*found.get(overload.name, ()), overload)
    return dict(sorted(found.items()))


OF_CEL = _by_name((*_MACROS, *_CONVERSIONS, *_TEXTS_AND_SIZES, *_OF_TIMES))
EXTENSIONS = _by_name(_EXTENSIONS)
OVERLOADS: Mapping[str, tuple[Overload, ...]] = {**OF_CEL, **EXTENSIONS}
