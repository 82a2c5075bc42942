"""Parameters of runbooks, as their authors may declare them, and values that were typed already."""

from typing import Any

from hypothesis import strategies as st

from tests.blocks.nasty import JSON, TEXT

PARAMETER_NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
DESCRIPTIONS = st.fixed_dictionaries({}, optional={"description": TEXT, "title": TEXT})
BOUNDS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.lists(TEXT, min_size=1, max_size=30)
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={"minimum": BOUNDS, "maximum": BOUNDS, "default": BOUNDS},
)
TEXTS = st.fixed_dictionaries(
    {"type": st.just("string")}, optional={"default": TEXT, "maxLength": st.integers(0, 9_000)}
)
CHOICES = st.fixed_dictionaries(
    {"enum": st.lists(TEXT | st.integers() | st.booleans(), min_size=1, max_size=120)},
    optional={"default": JSON},
)
LISTS = st.fixed_dictionaries(
    {"type": st.just("array"), "items": st.fixed_dictionaries({"enum": WORDS}) | st.just({})},
    optional={"default": st.lists(TEXT, max_size=3)},
)
OTHERS = st.sampled_from(
    [
        {"type": "boolean"},
        {"type": "boolean", "default": True},
        {"type": "object"},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "time"},
        {"type": "string", "writeOnly": True},
        {"type": "string", "x-slack": "user"},
        {"type": "string", "x-slack": "channel"},
        {},
    ]
)
KINDS: st.SearchStrategy[dict[str, Any]] = TEXTS | NUMBERS | CHOICES | LISTS | OTHERS  # type: ignore[operator]
PROPERTIES = st.tuples(KINDS, DESCRIPTIONS).map(lambda parts: parts[0] | parts[1])
GIVEN = st.dictionaries(PARAMETER_NAMES, JSON, max_size=3)


@st.composite
def _schemas(draw: st.DrawFn) -> dict[str, Any]:
    properties = draw(st.dictionaries(PARAMETER_NAMES, PROPERTIES, min_size=1, max_size=12))
    needed = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    return {"type": "object", "properties": properties, "required": needed}


SCHEMAS = _schemas()
