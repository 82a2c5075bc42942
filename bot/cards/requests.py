"""What a step asks of the outside, as a person reads it: a call, a command line, a message, or its JSON."""

import json
import shlex


def request_text(request: object) -> str:
    """`POST https://…` with headers and body, `dbctl check orders`, or JSON. It was masked when it was kept."""
    if not isinstance(request, dict):
        return _json(request)
    if "method" in request and "url" in request:
        return _call(request)
    if isinstance(request.get("argv"), list):
        return _command(request)
    if "waits_for" in request:
        return _wait(request)
    if set(request) in ({"text"}, {"text", "channel"}, {"message"}):
        return _said(request)
    return _json(request)


def _call(request: dict[str, object]) -> str:
    headers = request.get("headers")
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in headers.items()] if isinstance(headers, dict) else []
    if request.get("auth") is not None:
        lines.append(f"auth: {_json(request['auth'], indent=None)}")
    for name in ("query", "json", "body"):
        value = request.get(name)
        if value not in (None, "", {}):
            lines.append(value if isinstance(value, str) else _json(value, indent=None))
    return "\n".join(lines)


def _command(request: dict[str, object]) -> str:
    """As it would be typed: `cd DIR`, the variables, the program and its arguments, and what it reads."""
    argv, env = request["argv"], request.get("env")
    assert isinstance(argv, list)
    variables = (
        [f"{name}={shlex.quote(str(value))}" for name, value in env.items()] if isinstance(env, dict) else []
    )
    line = " ".join([*variables, shlex.join(map(str, argv))])
    lines = [f"cd {shlex.quote(str(request['cwd']))}", line] if request.get("cwd") else [line]
    if request.get("stdin"):
        lines += ["and it reads:", str(request["stdin"])]
    return "\n".join(lines)


def _said(request: dict[str, object]) -> str:
    to = f"in {request['channel']}:\n" if request.get("channel") else ""
    return f"{to}{request.get('text', request.get('message', ''))}"


def _wait(request: dict[str, object]) -> str:
    limit = request.get("for")
    if request["waits_for"] == "timer":
        return f"waits {limit}"
    return f"waits for a {request['waits_for']}{f', at most {limit}' if limit else ''}"


def _json(value: object, indent: int | None = 1) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
