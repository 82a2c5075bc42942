"""What a step asked of the outside, as a person reads it: a call, a command line, or its JSON."""

import json
import shlex


def request_text(request: object) -> str:
    """`POST https://…` and the body, `dbctl check orders`, or JSON. Secrets were masked when it was kept."""
    if not isinstance(request, dict):
        return json.dumps(request, ensure_ascii=False, indent=1, default=str)
    if "method" in request and "url" in request:
        return _call(request)
    argv = request.get("argv")
    if isinstance(argv, list):
        return shlex.join(map(str, argv))
    return json.dumps(request, ensure_ascii=False, indent=1, default=str)


def _call(request: dict[str, object]) -> str:
    lines = [f"{request['method']} {request['url']}"]
    for name in ("query", "json", "body"):
        value = request.get(name)
        if value not in (None, "", {}):
            lines.append(
                value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            )
    return "\n".join(lines)
