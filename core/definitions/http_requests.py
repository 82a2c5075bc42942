"""HTTP requests in definitions: headers (RFC 9110, section 5), authentication, and URL templates.

In a URL, a placeholder fills one part of the path or the query and never changes where the call goes: its value is
percent-encoded (RFC 3986, section 2.1), and may be neither empty nor a dot segment (`.`, `..`; section 5.2.4). Only a
placeholder that refers to nothing but secrets is inserted as it is: it may be the beginning of a URL, a host, or
several path segments.
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
from core.values.headers import is_carried, why_no_header

NAME_HINT = "Use letters, digits and -, such as X-Size."


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
    """The user name."""
    password: TemplateText
    """The password, as `{{ secrets.NAME }}`."""


class OAuth2Auth(Definition):
    """A token from the client credentials grant (RFC 6749, section 4.4), cached until shortly before it expires."""

    type: Literal["oauth2"]
    token_url: Annotated[UrlTemplate, Field(min_length=1)]
    """The URL of the token endpoint."""
    client_id: Given
    """The client's id."""
    client_secret: Given
    """The client's secret, as `{{ secrets.NAME }}`."""
    scope: TemplateText | None = None
    """The scope to request, if the server needs one."""
    audience: TemplateText | None = None
    """The audience of the token, if the server needs one."""
    credentials: Literal["header", "body"] = "header"
    """Where the client's id and secret are sent. Every server accepts the header; some require the body."""


Auth = Annotated[BearerAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]


PUBLIC_HINT = "Write the host: https://api.example/{{ … }}."
HINT = "Write the host, or take it from a secret: https://api.example/{{ … }} or {{ secrets.API }}/{{ … }}."
DOTS = frozenset({".", ".."})
_SEGMENT_ENDS = re.compile(r"[/?#]")
_REACHES_PATH = re.compile(r"\s*https?://[^/?#]+[/?#]", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\]")


class Part(StrEnum):
    """A component of a URL (RFC 3986, section 3); the scheme counts as part of the authority."""

    AUTHORITY = "authority"
    PATH = "path"
    QUERY = "query"


@dataclass(frozen=True)
class UrlPlaceholder:
    """A placeholder of a URL. `is_trusted`: it refers only to secrets, or to nothing."""

    placeholder: Placeholder
    part: Part
    is_trusted: bool


def url_placeholders(url: str) -> Iterator[UrlPlaceholder]:
    """Yield the placeholders in order, each with the component in which it stands if its secrets are URLs as expected.

    Raises ExpressionError if the text is not a valid template.
    """
    before, after = "", 0
    for placeholder in placeholders(url):
        before += url[after : placeholder.start]
        after = placeholder.end
        yield (placed := _placed(placeholder, before))
        before += _standing_in(placed, before)


def _placed(placeholder: Placeholder, before: str) -> UrlPlaceholder:
    """Locate a placeholder. `before`: the URL up to it."""
    is_trusted = compile_expression(placeholder.source).names <= {"secrets"}
    if not _REACHES_PATH.match(before):
        return UrlPlaceholder(placeholder, Part.AUTHORITY, is_trusted)
    return UrlPlaceholder(placeholder, Part.QUERY if re.search(r"[?#]", before) else Part.PATH, is_trusted)


def _standing_in(placed: UrlPlaceholder, before: str) -> str:
    """Return a stand-in for a placeholder's value; an unknown secret at the start is assumed to begin a URL."""
    expression = compile_expression(placed.placeholder.source)
    if not expression.names:
        return as_text(expression.evaluate({}))
    return "x" if before.strip() else "https://x"


def why_misplaced(placed: UrlPlaceholder) -> str | None:
    """Return why the placeholder may not stand in this component; None if it may."""
    if placed.part is not Part.AUTHORITY or placed.is_trusted:
        return None
    return f"`{placed.placeholder.source}` would determine which host is called."


def render_url(url: str, scope: Mapping[str, object], path: Path = ()) -> str:
    """Return the URL with every placeholder filled. Raises ExpressionError, also for a value that may not be inserted.

    Where secrets are shown as `{{ secrets.NAME }}`, the rest is rendered as it would be with the secret itself.
    """
    if "{{" not in url:
        return url
    filled, before, after, segment = "", "", 0, Segment()
    for placeholder in placeholders(url):
        written = url[after : placeholder.start]
        after = placeholder.end
        before += written
        placed = _placed(placeholder, before)
        if why := why_misplaced(placed):
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
    """The path segment being built, and whether a placeholder contributed to it."""

    text: str = ""
    has_placeholder: bool = False

    def filled(self, brought: str) -> "Segment":
        return Segment(self.text + brought, has_placeholder=True)

    def followed_by(self, written: str, path: Path) -> "Segment":
        """Return the segment that is open after this text. Raises ExpressionError if the text closes an invalid one."""
        found = _SEGMENT_ENDS.search(written)
        if found is None:
            return Segment(self.text + written, self.has_placeholder)
        whole = self.text + written[: found.start()]
        if self.has_placeholder and _is_another_address(whole):
            raise ExpressionError(
                _about(
                    path, f"A segment of the path would be {whole!r}, which leads to a different address."
                ),
                hint="A value in a path must name one thing below it; it cannot be empty or `..`.",
            )
        return Segment(_SEGMENT_ENDS.split(written)[-1])


def _is_another_address(segment: str) -> bool:
    """Return whether the segment is empty or a dot segment; some servers treat `..;x` as dots, too."""
    return not segment or unquote(segment).partition(";")[0] in DOTS


def encoded(value: str, part: Part, path: Path = ()) -> str:
    """Percent-encode a value. It may not contain `..` between slashes, since some servers decode `%2F` before
    resolving.
    """
    pieces = _SEPARATORS.split(value)
    if part is Part.PATH and len(pieces) > 1 and DOTS & set(pieces):
        raise ExpressionError(_about(path, "A value in a path must not contain `..` between slashes."))
    return quote(value, safe="", errors="replace")


def _about(path: Path, message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}" if path else message


VALUE_HINT = "Use printable ASCII characters, without line breaks."


def wrong_header(path: Path, text: str, mark: HeaderField, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with a header as written. Values inserted by `{{ … }}` are checked when it is sent."""
    name = mark.name or str(path[-1])
    if why := why_no_header(name, ""):
        yield document.problem(path, why, NAME_HINT, key=True)
    elif not all(map(is_carried, _constant(text))):
        yield document.problem(
            path, f"The header {name} contains a character that a header cannot carry.", VALUE_HINT
        )
    elif mark.name is None and text != text.strip():
        message = f"The header {name} begins or ends with a space, which HTTP does not allow."
        yield document.problem(path, message, "Remove the space.")


def _constant(text: str) -> Iterator[str]:
    """Yield the pieces of a text outside its placeholders."""
    start = 0
    for placeholder in placeholders(text):
        yield text[start : placeholder.start]
        start = placeholder.end
    yield text[start:]


def doubled_headers(marked: Marked, document: Document) -> Iterator[Problem]:
    """Yield a Problem for each header whose name differs from an earlier one only by case."""
    if not isinstance(marked.mark, HeaderField) or not isinstance(marked.value, Mapping):
        return
    seen: dict[str, str] = {}
    for name in map(str, marked.value):
        earlier = seen.setdefault(name.lower(), name)
        if earlier != name:
            message = f"{name} and {earlier} are the same header: header names are case-insensitive."
            yield document.problem((*marked.path, name), message, "Give it once.", key=True)
