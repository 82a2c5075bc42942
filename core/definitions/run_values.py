"""The `values` of a runbook: expressions that are evaluated once for a run."""

import json
from collections.abc import Mapping

from core.definitions.cel.expressions import at_most, compile_expression
from core.definitions.cel.values import JsonValue
from core.definitions.json_text import unstorable
from core.errors import ExpressionError

ROOT = "values"
MOST_WORK = 1_000_000  # units of cel_cost for all values of a run, about 0.2 s
LARGEST = 64 * 1024  # characters of JSON of all values, since they are stored and shown


def compute_values(written: Mapping[str, str], names: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return the value of each expression, in order; each sees those before it as `values.NAME`.

    `names`: what they may use besides. Raises ExpressionError, with the name in its sentence, if one cannot be
    evaluated or stored, or if they are too much work or too large together.
    """
    found: dict[str, JsonValue] = {}
    with at_most(MOST_WORK):
        for name, source in written.items():
            try:
                found[name] = compile_expression(source).evaluate({**names, ROOT: dict(found)})
            except ExpressionError as error:
                raise ExpressionError(f"values.{name}: {error.message}", hint=error.hint) from None
            _check_storable(name, found)
    return found


def _check_storable(name: str, found: Mapping[str, JsonValue]) -> None:
    for path, why in unstorable({name: found[name]}):
        raise ExpressionError(f"values.{'.'.join(path)} {why}.")
    size = len(json.dumps(found, ensure_ascii=False))
    if size > LARGEST:
        raise ExpressionError(
            f"values.{name}: the values have {size:,} characters of JSON, more than {LARGEST:,}."
        )
