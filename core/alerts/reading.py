"""Reading a webhook's body: nothing that a machine sent is refused for a detail of its text, nor for its length.

Who sends alerts does not send again what is refused with a 4xx. So what is no text becomes U+FFFD, and of a group with
more alerts than may be in one body the worst are kept: each alert is looked at by itself, and none of the others is
held meanwhile. Pure.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.alerts.alert import severity_of
from core.alerts.alertmanager import RANKS, RESOLVED
from core.definitions.json_text import DEEPEST, MOST_NODES, check_shape, count_nodes, made_keepable
from core.errors import InvalidInput

# Up to the next bracket outside of texts. Possessive, and only ever matched where the last one ended: linear.
NEXT_BRACKET = re.compile(rb'(?:[^"\[\]{}]|"(?:[^"\\]|\\.)*+")*+([\[\]{}])', re.DOTALL)
ALERTS = re.compile(rb'(?<!\\)"alerts"\s*+:\s*+\[\Z')
MOST_ALERTS = 20_000  # in one group: ten times of what fits into what is kept
MOST_BRACKETS = 200_000  # of either kind, which is ten an alert
MOST_QUOTES = (
    1_000_000  # as many as there may be in a request of any other kind, which is no larger than its bytes
)
LARGEST_ALERT = (
    65_536  # bytes of one alert in a group that is cut; a larger one is counted, and not looked at
)
OWN_NODES = 4  # of what is added to a body that was cut
LEFT_OUT = "leftOut"
SEND_LESS = "Send fewer alerts in one group (max_alerts)."
BRACKETS, VALUES = (b"[", b"]", b"{", b"}"), (b"[", b"{", b",")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert of a group that is too long: where it stands, how bad it is, how much is in it."""

    span: Span
    rank: tuple[bool, int]
    nodes: int

    @property
    def fires(self) -> bool:
        return self.rank[0]


def read_body(raw: bytes) -> object:
    """The JSON value of a webhook's body. A group that was cut says so in `leftOut`: how many fire, how many are over.

    Raises InvalidInput for what is no JSON, nested too deep, or too much that is not one of many alerts.
    """
    if raw.count(b'"') > MOST_QUOTES:
        raise InvalidInput(
            f"It has more than {MOST_QUOTES // 2:,} texts in it.", hint=SEND_LESS, field="body"
        )
    whole, left_out = _cut(raw) if _is_too_much(raw) else (raw, None)
    check_shape(whole)
    value: Any = made_keepable(_parse(whole))
    return value if left_out is None else value | {LEFT_OUT: left_out}


def _is_too_much(raw: bytes) -> bool:
    """Whether it is to be cut: what has more brackets than many alerts have is refused by `check_shape` as it is."""
    return count_nodes(raw) > MOST_NODES and sum(map(raw.count, BRACKETS)) <= MOST_BRACKETS


def _parse(raw: bytes) -> object:
    """Also with control characters in texts, as who fills in a template sends them."""
    try:
        return json.loads(raw.decode("utf-8-sig", "replace"), strict=False)
    except ValueError as error:
        raise InvalidInput(f"The body is not JSON: {error}.", field="body") from error


def _cut(raw: bytes) -> tuple[bytes, dict[str, int] | None]:
    """The body with the worst of its alerts, as many as may be; as it is where it is no group of alerts."""
    place = _place_of_alerts(raw)
    if place is None:
        return raw, None
    begins, spans, ends = place
    seen = [_look(raw, span) for span in spans]
    others = count_nodes(raw[:begins]) + count_nodes(raw[ends:])
    kept = _worst(seen, MOST_NODES - others - OWN_NODES)
    out = [each for each in seen if each.span not in kept]
    alerts = b",".join(raw[slice(*span)] for span in sorted(kept))
    firing = sum(each.fires for each in out)
    return raw[:begins] + alerts + raw[ends:], {"firing": firing, "resolved": len(out) - firing}


def _worst(seen: Sequence[Seen], room: int) -> set[Span]:
    """Those that fire before those that are over, the worst first, while there is room."""
    kept: set[Span] = set()
    for each in sorted(seen, key=lambda each: each.rank, reverse=True):
        room -= each.nodes + 1
        if room < 0:
            break
        kept.add(each.span)
    return kept


def _look(raw: bytes, span: Span) -> Seen:
    """What there is no look at, for its length, counts as the least that fires."""
    part = raw[slice(*span)]
    if len(part) > LARGEST_ALERT:
        return Seen(span, (True, -1), MOST_NODES)
    alert = _parse(part)
    labels = alert.get("labels") if isinstance(alert, dict) else None
    severity = severity_of(labels.get("severity") if isinstance(labels, dict) else None)
    fires = isinstance(alert, dict) and alert.get("status") != RESOLVED
    return Seen(
        span, (fires, RANKS[severity]), sum(map(part.count, VALUES))
    )  # texts counted too: it is quick


def _place_of_alerts(raw: bytes) -> tuple[int, list[Span], int] | None:
    """Where the list `alerts` of an object begins, the objects in it, and where it ends. None where there is none."""
    spans: list[Span] = []
    first = opened = None
    for begins, at, before, after in _brackets(raw):
        if first is None:
            if before == 1 and after == 2 and ALERTS.search(raw, begins, at + 1):
                first = at + 1
        elif after < 2:
            return first, spans, at
        elif before == 2:
            opened = at if raw[at : at + 1] == b"{" else None
        elif after == 2 and opened is not None:
            spans.append((opened, at + 1))
            if len(spans) > MOST_ALERTS:
                return None
    return None


def _brackets(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each bracket: where what stands before it begins, where it is, how deep it is before it and behind it.

    It ends where nesting is deeper than may be, and where no text is closed.
    """
    position = depth = 0
    while depth <= DEEPEST and (found := NEXT_BRACKET.match(raw, position)):
        before, depth = depth, depth + (1 if found[1] in b"[{" else -1)
        yield position, found.start(1), before, depth
        position = found.end()
