"""The functions that expressions have besides the library's own: what it lacks of CEL's, and strings, math and base64.

These are as cel-go's extensions name them. The library asks here where none of its own takes the arguments.

The library's own versions put the arguments of a failed call into the error and the log, and some grow a value
without bound. Here they answer a sentence that tells no value, and a text of at most a million characters.
"""

import functools
from collections.abc import Callable

from core.definitions.cel_library import EXTENSIONS, cel
from core.definitions.cel_times import NO_ZONE, TIMES

LONGEST_TEXT = 1_000_000
_LIBRARIES = ("strings", "math", "encoders")
Function = Callable[..., object]


def extra_functions() -> dict[str, Function]:
    """Answer the functions by the name they have in an expression; made anew, so that nobody shares the mapping."""
    found = {name: function for library in _LIBRARIES for name, function in EXTENSIONS[library].items()}
    found.update(bool=EXTENSIONS["core"]["bool"], string=_string, replace=_replace, join=_join)
    found.update(TIMES, matches=_matches)
    return {name: _discreet(name, function) for name, function in found.items()}


def _discreet(name: str, function: Function) -> Function:
    @functools.wraps(function)
    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except _TooLong:
            reason = f"its result is longer than {LONGEST_TEXT} characters"
        except (ArithmeticError, LookupError, AttributeError, RuntimeError, TypeError, ValueError) as error:
            reason = NO_ZONE if NO_ZONE in error.args else "it takes other arguments"
        raise ValueError(f"{name}: {reason}")

    return call


class _TooLong(Exception):
    pass


def _string(value: object) -> str:
    # The library's string() knows no bool, which CEL's standard definitions have.
    if isinstance(value, bool):
        return "true" if value else "false"
    raise TypeError


@functools.cache
def _match() -> cel.Program:
    return cel.compile("text.matches(pattern)")


def _matches(text: str, pattern: str) -> object:
    # The library has the method alone; its regular expressions take time in proportion to the text.
    return _match().execute(cel.Context(variables={"text": text, "pattern": pattern}))


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    times = len(text) + 1 if old == "" else text.count(old)
    if limit >= 0:
        times = min(times, limit)
    if len(text) + times * (len(new) - len(old)) > LONGEST_TEXT:
        raise _TooLong
    return text.replace(old, new, limit)


def _join(items: list[str], separator: str = "") -> str:
    if sum(map(len, items)) + len(items) * len(separator) > LONGEST_TEXT:
        raise _TooLong
    return separator.join(items)
