"""Headers in expressions: `response.headers["Content-Type"]` finds what came as `content-type` (RFC 9110, 5.1)."""

from collections.abc import Iterable, Iterator, Mapping

from core.definitions.cel_references import Reference
from core.definitions.cel_tokens import all_tokens


def with_spelled_headers(
    variables: Mapping[str, object], source: str, references: Iterable[Reference]
) -> Mapping[str, object]:
    """Add to `response.headers`, whose names are in lower case, each in the spelling in which the source asks for it.

    So also what it asks by the value of a variable. The variables are copies of their own.
    """
    response = variables.get("response")
    headers = response.get("headers") if isinstance(response, dict) else None
    if isinstance(headers, dict):
        for name in set(_asked(variables, source, references)):
            if name.lower() in headers:
                headers[name] = headers[name.lower()]
    return variables


def _asked(variables: Mapping[str, object], source: str, references: Iterable[Reference]) -> Iterator[str]:
    """Whatever text the source may ask by: a text in it, a member, a variable."""
    yield from (token.literal for token in all_tokens(source) if token.literal is not None)
    for reference in references:
        found = variables.get(reference.root)
        for member in reference.members:
            yield member
            found = found.get(member) if isinstance(found, dict) else None
        if isinstance(found, str):
            yield found
