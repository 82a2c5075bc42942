"""HTTP requests as definitions write them: URLs, headers, signing in.

Headers that HTTP can carry (RFC 9110, section 5), and their names, whose case means nothing. Pure.

Who a webhook calls as: a token, a name and password, or a token that an authorization server gives.

URLs with holes: what a hole brings is one part of a path or a query, and never changes where the call goes.

A hole that names secrets alone, or nothing, stays as its owner wrote it: it may be the beginning of a URL, a host, or
several segments of a path. What any other hole brings is percent-encoded (RFC 3986, section 2.1: all but the
unreserved characters), and may be neither a segment that climbs (`.`, `..`; section 5.2.4) nor one that is empty.

Headers that no request can carry, found where they stand in the definition.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import quote, unquote

from pydantic import Field

from core.definitions.cel.expressions import compile_expression
from core.definitions.documents import Document
from core.definitions.fields import Definition, HeaderField, Marked, TemplateText, UrlTemplate
from core.definitions.masking import MASK
from core.definitions.problems import Problem
from core.definitions.secrets import is_place
from core.definitions.templates import LONGEST_RESULT, Path, Placeholder, as_text, placeholders, render_text
from core.errors import ExpressionError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
NAME_HINT = "Use letters, digits and -, such as X-Size."


def why_no_header(name: str, value: str) -> str | None:
    """Return why no request carries the header, which tells nothing of its value; None where one can."""
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is no name that a header may have."
    if not is_carried(value):
        return f"The header {name} has a character that no header may have."
    if value != value.strip():
        return f"The header {name} begins or ends with a space, which no header does."
    return None


def is_carried(text: str) -> bool:
    """Return whether a value may have all these characters: those of ASCII that can be seen, and the space."""
    return text.isascii() and text.isprintable()


def joined(*headers: Mapping[str, str]) -> dict[str, str]:
    """Return all of them; of two with one name, however it is spelled, the later one."""
    spelled = {name.lower(): name for each in headers for name in each}
    values = {name.lower(): value for each in headers for name, value in each.items()}
    return {spelled[name]: value for name, value in values.items()}


Given = Annotated[TemplateText, Field(min_length=1)]


class BearerAuth(Definition):
    """`Authorization: Bearer TOKEN` (RFC 6750)."""

    type: Literal["bearer"]
    token: Annotated[str, HeaderField(name="Authorization"), Field(min_length=1)]
    """The token, as `{{ secrets.NAME }}`."""


class BasicAuth(Definition):
    """`Authorization: Basic …` (RFC 7617)."""

    type: Literal["basic"]
    username: Given
    """The name."""
    password: TemplateText
    """The password, as `{{ secrets.NAME }}`."""


class OAuth2Auth(Definition):
    """A token by the client credentials grant (RFC 6749, section 4.4), kept until shortly before it expires."""

    type: Literal["oauth2"]
    token_url: Annotated[UrlTemplate, Field(min_length=1)]
    """Where tokens are given."""
    client_id: Given
    """Who asks for one."""
    client_secret: Given
    """The client's secret, as `{{ secrets.NAME }}`."""
    scope: TemplateText | None = None
    """What the token is for, where the server wants to know."""
    audience: TemplateText | None = None
    """Whom the token is for, where the server wants to know."""
    credentials: Literal["header", "body"] = "header"
    """Where the client's id and secret stand: every server takes the header, some want the body."""


Auth = Annotated[BearerAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]


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
class UrlPlaceholder:
    """A hole of a URL. `is_trusted`: it names secrets alone, or nothing."""

    placeholder: Placeholder
    part: Part
    is_trusted: bool


def placed_holes(url: str) -> Iterator[UrlPlaceholder]:
    """The holes in order, each where it will stand if its secrets are what they should be.

    Raises ExpressionError for what is no template.
    """
    before, after = "", 0
    for placeholder in placeholders(url):
        before += url[after : placeholder.start]
        after = placeholder.end
        yield (placed := _placed(placeholder, before))
        before += _standing_in(placed, before)


def _placed(placeholder: Placeholder, before: str) -> UrlPlaceholder:
    """`before`: the URL up to it."""
    is_trusted = compile_expression(placeholder.source).names <= {"secrets"}
    if not _REACHES_PATH.match(before):
        return UrlPlaceholder(placeholder, Part.AUTHORITY, is_trusted)
    return UrlPlaceholder(placeholder, Part.QUERY if re.search(r"[?#]", before) else Part.PATH, is_trusted)


def _standing_in(placed: UrlPlaceholder, before: str) -> str:
    """For what a hole brings: of a secret, which is not known, that it begins a URL where it stands first."""
    expression = compile_expression(placed.placeholder.source)
    if not expression.names:
        return as_text(expression.evaluate({}))
    return "x" if before.strip() else "https://x"


def misplaced_hole(placed: UrlPlaceholder) -> str | None:
    """Why the hole may not stand where it does; None where it may."""
    if placed.part is not Part.AUTHORITY or placed.is_trusted:
        return None
    return f"`{placed.placeholder.source}` would choose the host that is called."


def render_url(url: str, scope: Mapping[str, object], path: Path = ()) -> str:
    """The URL, every hole filled. Raises ExpressionError, also for what a hole may not bring.

    Where the place of a secret is shown, the rest stands as it will behind the secret itself.
    """
    if "{{" not in url:
        return url
    filled, before, after, segment = "", "", 0, Segment()
    for placeholder in placeholders(url):
        written = url[after : placeholder.start]
        after = placeholder.end
        before += written
        placed = _placed(placeholder, before)
        if why := misplaced_hole(placed):
            raise ExpressionError(_about(path, why), hint=HINT)
        value = render_text(url[placeholder.start : after], scope, path)
        brought = value if placed.is_trusted or value == MASK else encoded(value, placed.part, path)
        segment = segment.followed_by(written, path)
        is_named_by_it = placed.part is Part.PATH and not placed.is_trusted
        segment = segment.filled(brought) if is_named_by_it else segment.followed_by(brought, path)
        filled += written + brought
        before += _standing_in(placed, before) if is_place(placeholder.source, brought) else brought
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


VALUE_HINT = "A header has letters, digits and signs of ASCII, without line breaks."


def wrong_header(path: Path, text: str, mark: HeaderField, document: Document) -> Iterator[Problem]:
    """Return what is wrong with one header as it is written; what `{{ … }}` brings is known when it is sent."""
    name = mark.name or str(path[-1])
    if why := why_no_header(name, ""):
        yield document.problem(path, why, NAME_HINT, key=True)
    elif not all(map(is_carried, _constant(text))):
        yield document.problem(
            path, f"The header {name} has a character that no header may have.", VALUE_HINT
        )
    elif mark.name is None and text != text.strip():
        message = f"The header {name} begins or ends with a space, which no header does."
        yield document.problem(path, message, "Leave the space out.")


def _constant(text: str) -> Iterator[str]:
    """The pieces of a text that are not between braces."""
    start = 0
    for placeholder in placeholders(text):
        yield text[start : placeholder.start]
        start = placeholder.end
    yield text[start:]


def doubled_headers(marked: Marked, document: Document) -> Iterator[Problem]:
    """Return the headers that differ from an earlier one by the case of their names alone."""
    if not isinstance(marked.mark, HeaderField) or not isinstance(marked.value, Mapping):
        return
    seen: dict[str, str] = {}
    for name in map(str, marked.value):
        earlier = seen.setdefault(name.lower(), name)
        if earlier != name:
            message = f"{name} and {earlier} are one header: the case of a name means nothing."
            yield document.problem((*marked.path, name), message, "Give it once.", key=True)
