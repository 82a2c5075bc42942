"""Parsing of webhook bodies: nothing is rejected for an invalid character, or a group for its length.

Senders do not resend what is rejected with a 4xx. So invalid characters become U+FFFD, and of a group with more alerts
than one body may have, the worst are kept; alerts are parsed one at a time to save memory.
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

# Up to the next bracket outside of strings. Possessive, and always matched where the last match ended: linear.
NEXT_BRACKET = re.compile(rb'(?:[^"\[\]{}]|"(?:[^"\\]|\\.)*+")*+([\[\]{}])', re.DOTALL)
ALERTS = re.compile(rb'(?<!\\)"alerts"\s*+:\s*+\[\Z')
MOST_ALERTS = 20_000  # in one group: ten times what fits into what is kept
MOST_BRACKETS = 200_000  # of either kind: ten per alert
MOST_QUOTES = 1_000_000  # the most that a request of any other kind can have, given its size limit
LARGEST_ALERT = 65_536  # bytes of one alert in a group that is cut; a larger one is counted but not parsed
OWN_NODES = 4  # added to a body that was cut
LEFT_OUT = "leftOut"
SEND_LESS = "Send fewer alerts in one group (max_alerts)."
BRACKETS, VALUES = (b"[", b"]", b"{", b"}"), (b"[", b"{", b",")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert of a group that is too long: its position, its severity, and its number of values."""

    span: Span
    rank: tuple[bool, int]
    nodes: int

    @property
    def fires(self) -> bool:
        return self.rank[0]


def read_body(raw: bytes) -> object:
    """Return the JSON value of a webhook's body. A group that was cut has the number of dropped alerts in `leftOut`.

    Raises InvalidInput for a body that is not JSON, is nested too deep, or is too large without being a group of
    alerts.
    """
    if raw.count(b'"') > MOST_QUOTES:
        raise InvalidInput(f"It contains more than {MOST_QUOTES // 2:,} texts.", hint=SEND_LESS, field="body")
    whole, left_out = _cut(raw) if _is_too_much(raw) else (raw, None)
    check_shape(whole)
    value: Any = made_keepable(_parse(whole))
    return value if left_out is None else value | {LEFT_OUT: left_out}


def _is_too_much(raw: bytes) -> bool:
    """Return whether the body is to be cut. One with more brackets than many alerts have is left to `check_shape`, to
    reject.
    """
    return count_nodes(raw) > MOST_NODES and sum(map(raw.count, BRACKETS)) <= MOST_BRACKETS


def _parse(raw: bytes) -> object:
    """Parse JSON, accepting control characters in strings, which senders that fill in templates produce."""
    try:
        return json.loads(raw.decode("utf-8-sig", "replace"), strict=False)
    except ValueError as error:
        raise InvalidInput(f"The body is not JSON: {error}.", field="body") from error


def _cut(raw: bytes) -> tuple[bytes, dict[str, int] | None]:
    """Return the body with as many of its worst alerts as fit; unchanged if it is not a group of alerts."""
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
    """Return the spans to keep, firing alerts before resolved ones and the worst first, while there is room."""
    kept: set[Span] = set()
    for each in sorted(seen, key=lambda each: each.rank, reverse=True):
        room -= each.nodes + 1
        if room < 0:
            break
        kept.add(each.span)
    return kept


def _look(raw: bytes, span: Span) -> Seen:
    """Rank an alert. One that is too long to be parsed counts as the least severe that fires."""
    part = raw[slice(*span)]
    if len(part) > LARGEST_ALERT:
        return Seen(span, (True, -1), MOST_NODES)
    alert = _parse(part)
    labels = alert.get("labels") if isinstance(alert, dict) else None
    severity = severity_of(labels.get("severity") if isinstance(labels, dict) else None)
    fires = isinstance(alert, dict) and alert.get("status") != RESOLVED
    return Seen(
        span, (fires, RANKS[severity]), sum(map(part.count, VALUES))
    )  # counts signs within strings as well, which is fast


def _place_of_alerts(raw: bytes) -> tuple[int, list[Span], int] | None:
    """Return where the list `alerts` of an object begins, the spans of its objects, and where it ends; None if there is
    none.
    """
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
    """Yield each bracket: where the text before it begins, its position, and the depth before and after it.

    Stops where the nesting is too deep, or where a string is not closed.
    """
    position = depth = 0
    while depth <= DEEPEST and (found := NEXT_BRACKET.match(raw, position)):
        before, depth = depth, depth + (1 if found[1] in b"[{" else -1)
        yield position, found.start(1), before, depth
        position = found.end()
