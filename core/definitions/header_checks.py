"""Headers that no request can carry, found where they stand in the definition."""

from collections.abc import Iterator, Mapping

from core.definitions.documents import Document, Path
from core.definitions.fields import HeaderField
from core.definitions.headers import NAME_HINT, is_carried, why_no_header
from core.definitions.marks import Marked
from core.definitions.problems import Problem
from core.definitions.templates import holes

VALUE_HINT = "A header has letters, digits and signs of ASCII, without line breaks."


def wrong_header(path: Path, text: str, mark: HeaderField, document: Document) -> Iterator[Problem]:
    """Answer what is wrong with one header as it is written; what `{{ … }}` brings is known when it is sent."""
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
    for hole in holes(text):
        yield text[start : hole.start]
        start = hole.end
    yield text[start:]


def doubled_headers(marked: Marked, document: Document) -> Iterator[Problem]:
    """Answer the headers that differ from an earlier one by the case of their names alone."""
    if not isinstance(marked.mark, HeaderField) or not isinstance(marked.value, Mapping):
        return
    seen: dict[str, str] = {}
    for name in map(str, marked.value):
        earlier = seen.setdefault(name.lower(), name)
        if earlier != name:
            message = f"{name} and {earlier} are one header: the case of a name means nothing."
            yield document.problem((*marked.path, name), message, "Give it once.", key=True)
