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
from core.definitions.templates import LONGEST_RESULT, Hole, Path, holes, render_text
from core.errors import ExpressionError

PUBLIC_HINT = "Write the host: https://api.example/{{ … }}."
HINT = "Write the host, or take it from a secret: https://api.example/{{ … }} or {{ secrets.API }}/{{ … }}."
DOTS = frozenset({".", ".."})
_SEGMENT_ENDS = re.compile(r"[/?#]")
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
    """The holes in order, with the part that each stands in. Raises ExpressionError for what is no template."""
    written, after = "", 0
    for hole in holes(url):
        written += url[after : hole.start]
        after = hole.end
        trusted = _is_trusted(hole)
        if trusted and not written.strip():
            written = "secret://"  # the beginning of a URL, up to somewhere in its authority
        yield PlacedHole(hole, _part(written), trusted)


def _is_trusted(hole: Hole) -> bool:
    return compile_expression(hole.source).names <= {"secrets"}


def _part(written: str) -> Part:
    """Of what comes behind this beginning of a URL."""
    _, separator, behind = written.partition("://")
    found = _SEGMENT_ENDS.search(behind)
    if not separator or found is None:
        return Part.AUTHORITY
    return Part.QUERY if "?" in behind or "#" in behind else Part.PATH


def misplaced_hole(placed: PlacedHole) -> str | None:
    """Why the hole may not stand where it does; None where it may."""
    if placed.part is not Part.AUTHORITY or placed.is_trusted:
        return None
    return f"`{placed.hole.source}` would choose the host that is called."


def render_url(url: str, scope: Mapping[str, object], path: Path = ()) -> str:
    """The URL, every hole filled. Raises ExpressionError, also for what a hole may not bring."""
    if "{{" not in url:
        return url
    pieces, after, segment = [], 0, Segment()
    for placed in placed_holes(url):
        written = url[after : placed.hole.start]
        after = placed.hole.end
        if why := misplaced_hole(placed):
            raise ExpressionError(_about(path, why), hint=HINT)
        value = render_text(url[placed.hole.start : after], scope, path)
        brought = value if placed.is_trusted else encoded(value, placed.part, path)
        segment = segment.followed_by(written, path)
        is_named_by_it = placed.part is Part.PATH and not placed.is_trusted
        segment = segment.filled(brought) if is_named_by_it else segment.followed_by(brought, path)
        pieces += [written, brought]
    segment.followed_by(url[after:] + "/", path)
    return _whole("".join([*pieces, url[after:]]), path)


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
