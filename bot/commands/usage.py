"""The command line that runs a runbook or answers one, from the schema of its values."""

from collections.abc import Mapping

from core.definitions.parameters import declared, default_of, required

MOST_CHOICES = 6


def usage_line(command: str, runbook: str, schema: Mapping[str, object]) -> str:
    """Return `/runbook run db-failover cluster=orders|users [reason=…]`, required parameters first."""
    return f"{command} run {runbook} {usage_of(schema)}".strip()


def usage_of(schema: Mapping[str, object]) -> str:
    """Return `cluster=orders|users [reason=…]`, required values first."""
    needed = required(schema)
    names = sorted(declared(schema), key=lambda name: name not in needed)
    return " ".join(_parameter(name, schema, name in needed) for name in names)


def _parameter(name: str, schema: Mapping[str, object], is_needed: bool) -> str:
    inner = declared(schema)[name]
    assignment = f"{name}={_value(inner)}"
    return assignment if is_needed and default_of(inner, schema) is None else f"[{assignment}]"


def _value(schema: object) -> str:
    """Return what may be typed as the value: the choices, or the type in capitals."""
    if not isinstance(schema, Mapping):
        return "…"
    choices = schema.get("enum")
    if isinstance(choices, list) and 0 < len(choices) <= MOST_CHOICES:
        return "|".join(map(str, choices))
    kind = schema.get("type")
    return kind.upper() if isinstance(kind, str) and kind != "string" else "…"
