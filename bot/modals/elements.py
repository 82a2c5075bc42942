"""The element of a field, chosen by the parameter's JSON Schema, and how its value is read back. Pure.

| schema | element |
| --- | --- |
| `x-choices` | a menu of what was fetched; a text where that failed |
| `enum` | a menu; with more than 100 choices, one with a search |
| `array` of `enum` | the same, for several choices |
| `boolean` | a tick box |
| `integer`, `number` | a number |
| `format: date`, `time`, `date-time` | a picker |
| `x-slack: user`, `channel` | a picker, also for an `array` of them |
| `x-slack: long`, or `maxLength` above 200 | text of several lines |
| anything else | text |

https://docs.slack.dev/reference/block-kit/block-elements
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.cards.blocks import Block
from bot.cards.words import NOTHING, is_visible
from bot.modals.limits import INPUT_TEXT, OPTION_TEXT, OPTION_VALUE, OPTIONS, PLACEHOLDER
from core.definitions.choices import Choice
from core.definitions.json_schema import deref

Schema = Mapping[str, object]
Initial = tuple[object] | None
ACTION = "value"
TICKED = "true"
LONG = 200  # a text that may be longer gets several lines
ID = re.compile(r"[UWCG][A-Z0-9]{1,63}")
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
DECIMAL = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
TYPE_TO_SEARCH = "Type to search"
IDS = {"user": "users_select", "channel": "conversations_select"}
MANY_IDS = {"user": "multi_users_select", "channel": "multi_conversations_select"}
PICKERS = {"date": "datepicker", "time": "timepicker", "date-time": "datetimepicker"}


def element(schema: Schema, root: Schema, initial: Initial) -> Block:
    """Return the element for a parameter with this schema, filled with `initial`."""
    kind = kind_of(schema)
    if kind == "boolean":
        return _tick_box(initial)
    choices = choices_of(schema, root)
    if choices is not None and fit_a_menu(choices):
        return _menu(choices, initial, several=kind == "array")
    if kind == "array":
        of = deref(schema.get("items"), root).get("x-slack")
        return _ids(str(of), initial, several=True) if of in MANY_IDS else _text(schema, initial)
    if kind in ("integer", "number"):
        return _number(schema, initial, is_whole=kind == "integer")
    if schema.get("x-slack") in IDS:
        return _ids(str(schema["x-slack"]), initial, several=False)
    if kind == "string" and schema.get("format") in PICKERS:
        return _picker(str(schema["format"]), initial)
    return _text(schema, initial)


def kind_of(schema: Schema) -> str | None:
    """Return the schema's type; of several, the first that is not null."""
    kinds = schema.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return next((str(kind) for kind in listed if kind not in (None, "null")), None)


def choices_of(schema: Schema, root: Schema) -> list[object] | None:
    """Return what may be chosen: the `enum` of a parameter, or that of a list's items. None if anything may be."""
    held = deref(schema.get("items"), root) if kind_of(schema) == "array" else schema
    choices = held.get("enum")
    return [each for each in choices if each is not None] if isinstance(choices, list) else None


def fit_a_menu(choices: list[object]) -> bool:
    values = list(map(text_of, choices))
    is_short = all(0 < len(value) <= OPTION_VALUE for value in values)
    return len(values) > 0 and is_short and len(set(values)) == len(values)


def _menu(choices: list[object], initial: Initial, *, several: bool) -> Block:
    """Return a menu; where the choices are too many for one, they are asked for while people type."""
    is_external = len(choices) > OPTIONS
    prefix = "multi_" if several else ""
    menu: Block = {"type": f"{prefix}{'external' if is_external else 'static'}_select", "action_id": ACTION}
    if is_external:
        menu |= {"min_query_length": 0, "placeholder": plain(TYPE_TO_SEARCH, PLACEHOLDER)}
    else:
        menu["options"] = list(map(option, choices))
    return menu | _chosen(choices, initial, several=several)


def _chosen(choices: list[object], initial: Initial, *, several: bool) -> Block:
    """Return what is chosen to begin with. Choices are compared as they are shown: 1 is neither 1.0 nor true."""
    shown = set(map(text_of, choices))
    value = initial[0] if initial is not None else None
    values = _listed(value) if several or not isinstance(value, list) else []
    options = [option(each) for each in values if each is not None and text_of(each) in shown]
    if not options:
        return {}
    return {"initial_options": options[:OPTIONS]} if several else {"initial_option": options[0]}


def fetched_menu(choices: Sequence[Choice], schema: Schema, initial: Initial) -> Block:
    """Return a menu of choices that came from outside."""
    several = kind_of(schema) == "array"
    options = {each.value: {"text": plain(each.text, OPTION_TEXT), "value": each.value} for each in choices}
    menu: Block = {
        "type": f"{'multi_' * several}static_select",
        "action_id": ACTION,
        "options": list(options.values()),
    }
    value = initial[0] if initial is not None else None
    chosen = [options[text_of(each)] for each in _listed(value) if text_of(each) in options]
    if not chosen:
        return menu
    return menu | ({"initial_options": chosen} if several else {"initial_option": chosen[0]})


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def option(choice: object) -> Block:
    return {"text": plain(text_of(choice), OPTION_TEXT), "value": text_of(choice)}


def _tick_box(initial: Initial) -> Block:
    ticked = {"text": plain("Yes", OPTION_TEXT), "value": TICKED}
    box: Block = {"type": "checkboxes", "action_id": ACTION, "options": [ticked]}
    return box | ({"initial_options": [ticked]} if initial == (True,) else {})


def _number(schema: Schema, initial: Initial, *, is_whole: bool) -> Block:
    """Return a field for a number. What Slack cannot read, such as 1e+16, is left out: the schema still holds."""
    value = initial[0] if initial is not None else None
    given = {
        "min_value": _decimal(schema.get("minimum")),
        "max_value": _decimal(schema.get("maximum")),
        "initial_value": _decimal(value),
    }
    field: Block = {"type": "number_input", "action_id": ACTION, "is_decimal_allowed": not is_whole}
    return field | {name: text for name, text in given.items() if text is not None}


def _decimal(value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return text if DECIMAL.fullmatch(text := text_of(value)) else None


def _ids(of: str, initial: Initial, *, several: bool) -> Block:
    """Return a picker of people or channels. `x-slack` says which."""
    kind = (MANY_IDS if several else IDS)[of]
    name = f"initial_{of if of == 'user' else 'conversation'}{'s' if several else ''}"
    picker: Block = {"type": kind, "action_id": ACTION}
    if of == "channel":
        picker["filter"] = {"include": ["public", "private"], "exclude_bot_users": True}
    value = initial[0] if initial is not None else None
    ids = [each for each in _listed(value) if isinstance(each, str) and ID.fullmatch(each)]
    if not ids:
        return picker
    return picker | {name: ids if several else ids[0]}


def _picker(form: str, initial: Initial) -> Block:
    """Return a picker of a date or a time. A time is in UTC, as it is stored."""
    picker: Block = {"type": PICKERS[form], "action_id": ACTION}
    value = initial[0] if initial is not None else None
    if form == "time":
        picker["timezone"] = "UTC"
    shown = _SHOWN[form](value) if isinstance(value, str) else None
    return picker | ({f"initial_{form.replace('-', '_')}": shown} if shown is not None else {})


def _timestamp(text: str) -> int | None:
    """Return the Unix time that Slack's picker takes, which has ten digits."""
    try:
        at = int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None
    return at if len(str(at)) == 10 else None


def _date(text: str) -> str | None:
    try:
        return f"{date.fromisoformat(text):%Y-%m-%d}"
    except ValueError:
        return None


def _time(text: str) -> str | None:
    return text[:5] if TIME.match(text) else None


_SHOWN: Mapping[str, Callable[[str], str | int | None]] = {
    "date": _date,
    "time": _time,
    "date-time": _timestamp,
}


def _text(schema: Schema, initial: Initial) -> Block:
    longest = schema.get("maxLength")
    is_long = schema.get("x-slack") == "long" or (isinstance(longest, int) and longest > LONG)
    field: Block = {"type": "plain_text_input", "action_id": ACTION}
    return field | ({"multiline": True} if is_long else {}) | _initial(initial)


def _initial(initial: Initial) -> Block:
    """Prefill the field. A default that is too long is left out: an empty field gets it anyway."""
    text = text_of(initial[0]) if initial is not None and initial[0] is not None else ""
    return {"initial_value": text} if 0 < len(text) <= INPUT_TEXT else {}


def value_entered(state: Mapping[str, Any], choices: list[object] | None) -> str | None:
    """Return what was entered, as people would type it; None for an empty field.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload#view_submission
    """
    match state.get("type"):
        case "checkboxes":
            return "true" if state.get("selected_options") else "false"
        case "static_select" | "external_select":
            return (state.get("selected_option") or {}).get("value")
        case "multi_static_select" | "multi_external_select":
            return _several([each["value"] for each in state.get("selected_options") or ()], choices)
        case "multi_users_select" | "multi_conversations_select":
            return _several(state.get("selected_users") or state.get("selected_conversations") or [], None)
        case "datetimepicker":
            return _moment(state.get("selected_date_time"))
    keys = ("value", "selected_user", "selected_conversation", "selected_date", "selected_time")
    return next((str(state[key]) for key in keys if state.get(key)), None)


def _several(values: list[str], choices: list[object] | None) -> str | None:
    """Return a list as JSON, with the choices as the schema has them: 1 for the option `1`."""
    meant = {text_of(choice): choice for choice in choices or ()}
    return json.dumps([meant.get(value, value) for value in values], ensure_ascii=False) if values else None


def _moment(seconds: object) -> str | None:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(seconds, int) else None


def text_of(value: object) -> str:
    """Return a value as people type it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def plain(text: str, limit: int) -> Block:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": shown if is_visible(shown) else NOTHING, "emoji": False}
