"""Where a caller reached the sandbox, so that the URLs we hand out lead back the same way."""

from starlette.requests import HTTPConnection


def origin_of(connection: HTTPConnection) -> str:
    """Such as ``http://127.0.0.1:3100``."""
    return str(connection.base_url).rstrip("/")
