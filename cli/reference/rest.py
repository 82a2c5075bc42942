"""The page of the REST API, from its own description."""

from collections.abc import Mapping
from typing import Any

from bot.rest.application import openapi_document
from bot.rest.problem_responses import OF_ALL, OF_BODIES, OF_TOKENS, codes_of
from cli.reference.markdown import fields, page, paragraphs, referred, table

INTRODUCTION = """
JSON under `/api`, with a bearer token that `runbook token create` makes. A POST with an `Idempotency-Key` is done
once. Lists have `next_cursor`, which `?cursor=` takes. The whole description is at `/api/openapi.json`.

Errors are [`application/problem+json`](https://www.rfc-editor.org/rfc/rfc9457), each with a `code` for machines, such
as `"code": "lock_held"`, and a `type` that leads to its explanation. Clients read the `code`, not the sentence in
`detail`. Every operation may refuse a request for its token (401, 403, 429), its body (400, 413, 415, and 422 with
`invalid_input`) or for the state of the service (500, 503); the codes beyond these are listed with the operation, and
[Errors](errors.md) explains them all.
"""
CODES_OF_ALL = OF_ALL | OF_TOKENS | OF_BODIES
HEADERS_OF_ALL = frozenset({"Idempotency-Key"})
Node = Mapping[str, Any]


def rest_page() -> str:
    document = openapi_document()
    schemas = document["components"]["schemas"]
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, schemas))
    sections = [
        part for tag, operations in by_tag.items() for part in (f"## {tag.capitalize()}", *operations)
    ]
    return page("REST", INTRODUCTION, *sections)


def _operation(path: str, method: str, operation: Node, schemas: Node) -> str:
    parts = [f"### `{method.upper()} {path}`", paragraphs(operation.get("description"))]
    parameters = [each for each in operation.get("parameters", ()) if each["name"] not in HEADERS_OF_ALL]
    if parameters:
        parts.append(table(("parameter", "in", ""), map(_parameter, parameters)))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    parts += [
        f"{name}:\n\n{fields(schemas[name], models=schemas)}"
        for name in _references(body)
        if schemas[name].get("properties")
    ]
    parts += [_answers(operation["responses"]), _refusals(f"{method.upper()} {path}", operation)]
    return "\n\n".join(part for part in parts if part)


def _parameter(parameter: Node) -> tuple[str, str, str]:
    described = parameter.get("description") or parameter["schema"].get("description", "")
    return f"`{parameter['name']}`", parameter["in"], described


def _answers(responses: Node) -> str:
    found = [
        f"{status} {name}"
        for status, response in responses.items()
        if status.startswith("2")
        for name in _references(response.get("content", {}).get("application/json", {}).get("schema", {}))
    ]
    return f"Answers {', '.join(found)}." if found else ""


def _refusals(route: str, operation: Node) -> str:
    codes = sorted(codes_of(route, operation) - CODES_OF_ALL, key=lambda code: (code.status, code))
    return f"Refuses with {', '.join(f'[`{code}`](errors.md#{code})' for code in codes)}." if codes else ""


def _references(schema: Node) -> list[str]:
    branches = [schema, *schema.get("anyOf", ())]
    return [referred(branch["$ref"]) for branch in branches if "$ref" in branch]
