"""Static checks of one expression or template: syntax, names, members, functions, types."""

from collections.abc import Iterator, Mapping

from core.definitions.cel.call_shapes import call_shapes
from core.definitions.cel.errors import ExpressionSyntaxError
from core.definitions.cel.expressions import Expression, TooMuchWork, compile_expression
from core.definitions.cel.functions import zone_of
from core.definitions.cel.overloads import OVERLOADS, ZONED
from core.definitions.cel.tokens import Reference, Token
from core.definitions.checks.types import Finding, check_comparisons, check_types
from core.definitions.documents import Document, Path
from core.definitions.fields import CelField, HeaderField, Marked, TemplateField, UrlField
from core.definitions.http_requests import HINT as URL_HINT
from core.definitions.http_requests import (
    PUBLIC_HINT,
    doubled_headers,
    url_placeholders,
    why_misplaced,
    wrong_header,
)
from core.definitions.problems import Problem, suggest
from core.definitions.secrets import HINT, MISUSED, ROOT, names_secrets_in_key, whole_secret
from core.definitions.shapes import EXTRA, OPEN, Shape
from core.definitions.templates import UnclosedTemplate, paths, placeholders, texts
from core.errors import ExpressionError

Scope = Mapping[str, Shape]
# The library accepts these without a declaration; their results reach Python as a value or null.
_OPTIONALS = frozenset({"optional.of", "optional.none", "hasValue", "or", "orValue", "value"})


def check_marked(marked: Marked, scope: Scope, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the expressions in a field. `scope`: the names they may use, with their shapes."""
    mark = marked.mark
    if not isinstance(mark, CelField):
        for path, text in texts(marked.value, marked.path):
            yield from _check_template(path, text, scope, document, mark)
        yield from _check_keys(marked, document)
        yield from doubled_headers(marked, document)
        return
    scope = {**scope, **{root: EXTRA.get(root, OPEN) for root in mark.roots}}
    for path, source in texts(marked.value, marked.path):
        for finding in check_expression(source, scope, condition=mark.condition):
            yield document.problem_in(path, source, finding.offset, finding.message, finding.hint)


def _check_template(
    path: Path, text: str, scope: Scope, document: Document, mark: TemplateField
) -> Iterator[Problem]:
    try:
        found = placeholders(text)
    except UnclosedTemplate as error:
        line = text[error.offset :].split("\n")[0]
        yield document.problem_in(path, line, 0, error.message, error.hint)
        return
    for placeholder in found:
        for finding in check_placeholder(placeholder.source, scope, secrets=mark.secrets):
            offset = placeholder.offset - placeholder.start + finding.offset
            yield document.problem_in(
                path, text[placeholder.start : placeholder.end], offset, finding.message, finding.hint
            )
    if isinstance(mark, HeaderField):
        yield from wrong_header(path, text, mark, document)
    if isinstance(mark, UrlField):
        yield from _misurl_placeholders(path, text, document, URL_HINT if mark.secrets else PUBLIC_HINT)


def _misurl_placeholders(path: Path, url: str, document: Document, hint: str) -> Iterator[Problem]:
    """Yield misplaced placeholders. Expressions that cannot be parsed are reported elsewhere."""
    try:
        placed = list(url_placeholders(url))
    except ExpressionError:
        return
    for each in placed:
        if why := why_misplaced(each):
            yield document.problem_in(path, url[each.placeholder.start : each.placeholder.end], 0, why, hint)


def _check_keys(marked: Marked, document: Document) -> Iterator[Problem]:
    """Yield keys that contain secrets: a key is sent as it is written, and would not be secret."""
    for path in paths(marked.value, marked.path):
        if isinstance(path[-1], str) and names_secrets_in_key(path[-1]):
            yield document.problem(
                path, "A secret cannot be used in a key.", "Use it in the value.", key=True
            )


def check_placeholder(source: str, scope: Scope, *, secrets: bool) -> Iterator[Finding]:
    """Yield what is wrong with the source between {{ and }}. `secrets`: whether it may be a secret."""
    if whole_secret(source) is None or ROOT not in scope:
        yield from check_expression(source, scope)
    elif not secrets:
        message = "A secret cannot be used here: the contents of this field are stored and shown."
        yield Finding(0, message, "Use it only where it is sent: in a URL, a header, a body, env or stdin.")


def check_expression(source: str, scope: Scope, *, condition: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with an expression. `condition`: it must be true or false."""
    try:
        expression = compile_expression(source)
    except TooMuchWork:
        raise
    except ExpressionSyntaxError as error:
        yield Finding(error.offset, error.message, error.hint)
    except ExpressionError as error:
        yield Finding(0, error.message, error.hint)
    else:
        yield from _check_compiled(expression, scope, condition=condition)


def _check_compiled(expression: Expression, scope: Scope, *, condition: bool) -> Iterator[Finding]:
    found = [*_wrong_calls(expression.source), *_wrong_references(expression, scope)]
    # Types can only be checked if everything exists.
    yield from (
        found or check_comparisons(expression, scope) or check_types(expression, scope, condition=condition)
    )


def _wrong_calls(source: str) -> Iterator[Finding]:
    """Yield calls of unknown functions, with a wrong number of arguments, or with unknown time zones."""
    known = {*OVERLOADS, *_OPTIONALS}
    for call in call_shapes(source):
        name, overloads = call.name.text, OVERLOADS.get(call.name.text, ())
        if name not in known:
            hint = suggest(name, known, plural="")
            near = hint if hint.startswith("Did") else None
            yield Finding(call.name.offset, f"There is no function {name}.", near)
        elif overloads and not any(
            overload.fits(call.count, is_method=call.is_method) for overload in overloads
        ):
            hint = f"It can be called as {', '.join(overload.signature for overload in overloads)}."
            yield Finding(call.name.offset, f"{name} cannot be called like this.", hint)
        elif name in ZONED and call.only is not None:
            yield from _wrong_zone(call.only)


def _wrong_zone(literal: Token) -> Iterator[Finding]:
    if literal.literal is None:
        return
    try:
        zone_of(literal.literal)
    except ValueError as error:
        yield Finding(literal.offset, f"{literal.text}: {error}.")


def _wrong_references(expression: Expression, scope: Scope) -> Iterator[Finding]:
    asked = {reference.path for reference in expression.references if reference.in_has}
    for reference in expression.references:
        if reference.root == ROOT and ROOT in scope:
            found: Finding | None = Finding(reference.offset, MISUSED, HINT)
        else:
            found = _unknown_name(reference, scope) or _unknown_member(reference, scope[reference.root])
            found = found or _maybe_missing(reference, scope[reference.root], asked)
        if found:
            yield found


def _unknown_name(reference: Reference, scope: Scope) -> Finding | None:
    if reference.root in scope:
        return None
    hint = suggest(reference.root, scope, plural="Known here")
    return Finding(reference.offset, f"{reference.root} is not known here.", hint)


def _unknown_member(reference: Reference, shape: Shape) -> Finding | None:
    path = reference.root
    for member in reference.members:
        if shape.members is None:
            return None
        if member not in shape.members:
            hint = shape.hints.get(member) or _known_members(path, member, shape)
            return Finding(reference.offset, f"{path} has no {member}.", hint)
        path, shape = f"{path}.{member}", shape.members[member]
    return None


def _known_members(path: str, member: str, shape: Shape) -> str:
    if not shape.members:
        return shape.empty.format(path=path)
    return suggest(member, shape.members, plural=shape.plural)


def _maybe_missing(reference: Reference, shape: Shape, asked: set[str]) -> Finding | None:
    if not reference.members or reference.members[0] not in shape.optional:
        return None
    path = f"{reference.root}.{reference.members[0]}"
    if reference.in_has or path in asked:
        return None
    hint = f"Give it a default, list it under required, or check has({path}) first."
    return Finding(reference.offset, f"{path} may be missing.", hint)
