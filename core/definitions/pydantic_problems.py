"""Pydantic's validation errors as Problems: a place in the document, a sentence, and a hint."""

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.definitions.documents import MOST_PROBLEMS, Document, Path
from core.definitions.fields import fields_by_key, inner_models, registered
from core.definitions.problems import Problem, one_of, suggest

_NAME = "at most 64 lowercase letters, digits and -, starting with a letter or digit"
_PATTERNS = {
    r"^[a-z0-9][a-z0-9-]{0,63}$": _NAME,
    r"^[a-z0-9][a-z0-9-]{0,63}$|\{\{": _NAME,
    r"^[a-z0-9][a-z0-9-]{0,63}\*?$": f"{_NAME}; a * at the end stands for any rest",
    r"^[a-z][a-z0-9_]{0,63}$": "at most 64 lowercase letters, digits and _, starting with a letter",
    r"^[UW][A-Z0-9]{1,63}$": "a Slack user id, such as U024BE7LH",
    r"^[CG][A-Z0-9]{1,63}$": "a Slack channel id, such as C024BE7LH",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and _, not starting with a digit",
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "datetime_type": "a time",
    "datetime_parsing": "a time",
    "datetime_from_date_parsing": "a time",
    "timezone_aware": "a time with a time zone",
}
_LISTS_OF_PARTS = frozenset({"steps", "finally", "actions", "then", "else"})
_TAGGED = {
    "steps": "step type",
    "trigger": "trigger",
    "auth": "kind of auth",
    **dict.fromkeys(("actions", "then", "else"), "action type"),
}


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Return the Problems that make up a ValidationError of `model` over the data of `document`."""
    found = error.errors(include_url=False)[:MOST_PROBLEMS]
    causes = [details for details in found if not _is_consequence(details, document)]
    return [_problem(details, model, document) for details in causes or found]


def _is_consequence(details: ErrorDetails, document: Document) -> bool:
    # A list whose items are wrong is also reported as too short, because they were left out.
    path = _path(document.data, details["loc"])
    return details["type"] == "too_short" and bool(_at(document.data, path))


def _at(data: object, loc: Path) -> object:
    for part in loc:
        data = _step(data, part)
    return data


def _problem(details: ErrorDetails, model: type[BaseModel], document: Document) -> Problem:
    path = _path(document.data, details["loc"])
    context = details.get("ctx", {})
    if isinstance(context.get("path"), list):
        path = tuple(context["path"])
    kind = details["type"]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return _tag_problem(details, path, document)
    if kind == "extra_forbidden":
        known = set(_known_fields(model, details["loc"][:-1]))
        message = f"There is no field {path[-1]} here."
        return document.problem(path, message, suggest(str(path[-1]), known, plural="Fields"), key=True)
    if kind == "missing":
        return document.problem(path[:-1], f"The field {path[-1]} is missing.", f"Add {path[-1]}: … here.")
    is_key = details["loc"][-1:] == ("[key]",)
    if is_key and kind == "string_pattern_mismatch":
        message = f"{described(path[-1])} cannot be a name here."
        return document.problem(path, message, _pattern_hint(str(context["pattern"])), key=True)
    return document.problem(path, *_sentence(details, path), key=is_key)


def _path(data: object, loc: Path) -> Path:
    """Return the path in the document: `loc` without what pydantic adds, the tags of unions and `[key]`."""
    path: list[str | int] = []
    parts = list(loc)
    while parts:
        if len(parts) > 1 and _is_union(path) and isinstance(data, Mapping):
            parts = parts[parts[0] in (data.get("type"), data.get("on")) :]
        part = parts.pop(0)
        is_of_a_list_of_one = isinstance(part, int) and isinstance(data, Mapping)  # written without its list
        if part != "[key]" and not is_of_a_list_of_one:
            path.append(part)
            data = _step(data, part)
    return tuple(path)


def _is_union(path: list[str | int]) -> bool:
    is_item = len(path) >= 2 and path[0] in {"steps", "finally", "actions"} and isinstance(path[-1], int)
    is_of_a_list = is_item and (path[-2] in _LISTS_OF_PARTS or path[-3:-2] == ["branches"])
    return path[-1:] in (["trigger"], ["auth"]) or is_of_a_list


def _step(data: object, part: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _tag_problem(details: ErrorDetails, path: Path, document: Document) -> Problem:
    context = details["ctx"]
    key = str(context["discriminator"]).strip("'")
    what = _TAGGED.get(next(str(part) for part in reversed(path) if isinstance(part, str)), key)
    if details["type"] == "union_tag_not_found":
        return document.problem(
            path, f"The field {key} is missing: it names the {what}.", f"Add {key}: … here."
        )
    known = re.findall(r"'([^']*)'", str(context["expected_tags"]))
    tag = str(context["tag"])
    hint = suggest(tag, known, plural="There are")
    return document.problem((*path, key), f"There is no {what} {tag}.", hint)


def _known_fields(model: type[BaseModel], loc: Path) -> Iterator[str]:
    candidates: tuple[type[BaseModel], ...] = (model,)
    for part in loc:
        candidates = _inside(candidates, part)
    for candidate in candidates:
        yield from fields_by_key(candidate)


def _inside(candidates: tuple[type[BaseModel], ...], part: str | int) -> tuple[type[BaseModel], ...]:
    for candidate in candidates:
        field = fields_by_key(candidate).get(str(part))
        if field and len(candidates) == 1:
            union = registered(field)
            return tuple(union.discover().values()) if union else inner_models(field)
    tagged = tuple(candidate for candidate in candidates if part in _tags(candidate))
    return tagged or candidates


def _tags(model: type[BaseModel]) -> Iterator[object]:
    for key in ("type", "on"):
        field = model.model_fields.get(key)
        yield from getattr(field.annotation, "__args__", ()) if field else ()


def _sentence(details: ErrorDetails, path: Path) -> tuple[str, str | None]:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "The document")
    if kind in _WANTED:
        whose = f"An item of {name}" if path and isinstance(path[-1], int) else name
        return f"{whose} must be {_WANTED[kind]}, not {described(value)}.", _written(kind, value)
    if kind in {"literal_error", "enum"}:
        expected = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{name} must be {one_of(expected)}; you wrote {described(value)}.", _near(value, expected)
    if kind == "string_pattern_mismatch":
        return f"{described(value)} does not fit {name}.", _pattern_hint(str(context["pattern"]))
    if kind in {"too_short", "string_too_short"}:
        unit = "" if kind == "too_short" else " character"
        return f"{name} is empty.", f"Give at least {context['min_length']}{unit}."
    if kind in {"too_long", "string_too_long"}:
        unit = "items" if kind == "too_long" else "characters"
        return f"{name} is too long: it may have at most {context['max_length']} {unit}.", None
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return f"{name} must be {bound}; you wrote {described(value)}.", None
    return f"{details['msg'].rstrip('.')}.", None


def _written(kind: str, value: object) -> str | None:
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return f'Write it in quotes: "{described(value)}".'
    return "Write it as 2026-01-05T03:12:00Z." if _WANTED[kind].startswith("a time") else None


def _near(value: object, expected: list[str]) -> str | None:
    hint = suggest(str(value), expected, plural="")
    return hint if hint.startswith("Did you mean") else None


def _pattern_hint(pattern: str) -> str:
    return f"Use {_PATTERNS.get(pattern, pattern)}."


def described(value: object) -> str:
    """Describe a value of a document for people: text in quotes, a number, "a list"."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return "a mapping" if isinstance(value, Mapping) else "a list"
