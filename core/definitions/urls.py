"""URLs with holes: what a hole brings is one part of a path or a query, and never changes where the call goes.

A hole that names secrets alone, or nothing, stays as its owner wrote it: it may be the beginning of a URL, a host, or
several segments of a path. What any other hole brings is percent-encoded (RFC 3986, section 2.1: all but the
unreserved characters), and may be neither a segment that climbs (`.`, `..`; section 5.2.4) nor one that is empty.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from core.definitions.expressions import compile_expression
from core.definitions.masking import MASK
from core.definitions.secrets import is_place
from core.definitions.templates import LONGEST_RESULT, Hole, Path, as_text, holes, render_text
from core.errors import ExpressionError

PUBLIC_HINT = "Write the host: https://api.example/{{ … }}."
HINT = "Write the host, or take it from a secret: https://api.example/{{ … }} or {{ secrets.API }}/{{ … }}."
DOTS = frozenset({".", ".."})
_SEGMENT_ENDS = re.compile(r"[/?#]")
_REACHES_PATH = re.compile(r"\s*https?://[^/?#]+[/?#]", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\]")


class Part(StrEnum):
    """Where in a URL something stands (RFC 3986, section 3); the scheme counts as authority."""

    AUTHORITY = "authority"
    PATH = "path"
    QUERY = "query"


@dataclass(frozen=True)
class PlacedHole:
    """A hole of a URL. `is_trusted`: it names secrets alone, or nothing."""

    hole: Hole
    part: Part
    is_trusted: bool


def placed_holes(url: str) -> Iterator[PlacedHole]:
    """The holes in order, each where it will stand if its secrets are what they should be.

    Raises ExpressionError for what is no template.
    """
    before, after = "", 0
    for hole in holes(url):
        before += url[after : hole.start]
        after = hole.end
        yield (placed := _placed(hole, before))
        before += _standing_in(placed, before)


def _placed(hole: Hole, before: str) -> PlacedHole:
    """`before`: the URL up to it."""
    is_trusted = compile_expression(hole.source).names <= {"secrets"}
    if not _REACHES_PATH.match(before):
        return PlacedHole(hole, Part.AUTHORITY, is_trusted)
    return PlacedHole(hole, Part.QUERY if re.search(r"[?#]", before) else Part.PATH, is_trusted)


def _standing_in(placed: PlacedHole, before: str) -> str:
    """For what a hole brings: of a secret, which is not known, that it begins a URL where it stands first."""
    expression = compile_expression(placed.hole.source)
    if not expression.names:
        return as_text(expression.evaluate({}))
    return "x" if before.strip() else "https://x"


def misplaced_hole(placed: PlacedHole) -> str | None:
    """Why the hole may not stand where it does; None where it may."""
    if placed.part is not Part.AUTHORITY or placed.is_trusted:
        return None
    return f"`{placed.hole.source}` would choose the host that is called."


def render_url(url: str, scope: Mapping[str, object], path: Path = ()) -> str:
    """The URL, every hole filled. Raises ExpressionError, also for what a hole may not bring.

    Where the place of a secret is shown, the rest stands as it will behind the secret itself.
    """
    if "{{" not in url:
        return url
    filled, before, after, segment = "", "", 0, Segment()
    for hole in holes(url):
        written = url[after : hole.start]
        after = hole.end
        before += written
        placed = _placed(hole, before)
        if why := misplaced_hole(placed):
            raise ExpressionError(_about(path, why), hint=HINT)
        value = render_text(url[hole.start : after], scope, path)
        brought = value if placed.is_trusted or value == MASK else encoded(value, placed.part, path)
        segment = segment.followed_by(written, path)
        is_named_by_it = placed.part is Part.PATH and not placed.is_trusted
        segment = segment.filled(brought) if is_named_by_it else segment.followed_by(brought, path)
        filled += written + brought
        before += _standing_in(placed, before) if is_place(hole.source, brought) else brought
    segment.followed_by(url[after:] + "/", path)
    return _whole(filled + url[after:], path)


def _whole(filled: str, path: Path) -> str:
    if len(filled) > LONGEST_RESULT:
        message = f"The URL has {len(filled)} characters, more than {LONGEST_RESULT}."
        raise ExpressionError(_about(path, message))
    return filled


@dataclass(frozen=True)
class Segment:
    """The segment of the path that is being written, and whether a hole brought some of it."""

    text: str = ""
    has_hole: bool = False

    def filled(self, brought: str) -> "Segment":
        return Segment(self.text + brought, has_hole=True)

    def followed_by(self, written: str, path: Path) -> "Segment":
        """The segment that is open behind this text. Raises ExpressionError where the text closes a bad one."""
        found = _SEGMENT_ENDS.search(written)
        if found is None:
            return Segment(self.text + written, self.has_hole)
        whole = self.text + written[: found.start()]
        if self.has_hole and _is_another_address(whole):
            raise ExpressionError(
                _about(path, f"A segment of the path would be {whole!r}, which is another address."),
                hint="A value in a path names one thing below it: it is not empty, and not `..`.",
            )
        return Segment(_SEGMENT_ENDS.split(written)[-1])


def _is_another_address(segment: str) -> bool:
    """Empty, or dots; some servers take `..;x` for dots, too."""
    return not segment or unquote(segment).partition(";")[0] in DOTS


def encoded(value: str, part: Part, path: Path = ()) -> str:
    """Percent-encoded. A server that decodes `%2F` before it looks must not be made to climb either."""
    pieces = _SEPARATORS.split(value)
    if part is Part.PATH and len(pieces) > 1 and DOTS & set(pieces):
        raise ExpressionError(_about(path, "A value in a path may have no `..` between slashes."))
    return quote(value, safe="", errors="replace")


def _about(path: Path, message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}" if path else message
