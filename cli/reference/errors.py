"""The page of the codes that problems of the REST API have."""

from cli.reference.markdown import page, paragraphs, table
from core.error_codes import ErrorCode

INTRODUCTION = """
Whatever the REST API refuses is a problem: [`application/problem+json`](https://www.rfc-editor.org/rfc/rfc9457). Its
`code` is for machines and stays; `title` and `detail` are sentences for people and may change. Its `type` leads to the
explanation of the code, which the service itself shows at `/problems/CODE` without a token. The OpenAPI document at
`/api/openapi.json` says which codes each operation answers with.

```json
{
  "type": "/problems/lock_held",
  "title": "Lock held by another run",
  "status": 409,
  "code": "lock_held",
  "detail": "orders is locked by db-failover (rbx_7k2m), which is running. Wait for its end, or cancel it.",
  "execution": "/api/runbooks/executions/rbx_7k2m"
}
```

**Retry**: the same request may succeed later without a change. Wait for the seconds in `Retry-After` where the answer
has that header. A POST is repeated safely with its `Idempotency-Key`. Treat a code that you do not know as its status.
"""


def errors_page() -> str:
    in_order = sorted(ErrorCode, key=lambda code: code.status)
    rows = [
        (f"[`{code}`](#{code})", str(code.status.value), code.summary, "yes" if code.is_retryable else "no")
        for code in in_order
    ]
    overview = table(("code", "status", "title", "retry"), rows)
    return page("Errors of the REST API", INTRODUCTION, overview, *map(_section, in_order))


def _section(code: ErrorCode) -> str:
    return f"## `{code}`\n\n{paragraphs(code.happened)}\n\n{paragraphs(code.remedy)}"
