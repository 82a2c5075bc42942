"""The origin of a page, as browsers send it with what the page asks for: https://www.rfc-editor.org/rfc/rfc6454."""

from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}  # those that an origin does not name


def web_origin(address: str) -> str:
    """Return `SCHEME://HOST[:PORT]` of an address, as browsers write it; empty if it has none."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:  # what looks like a port or an IPv6 address, and is none
        return ""
    if scheme not in PORTS or not host:
        return ""
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}" if port in (None, PORTS[scheme]) else f"{scheme}://{named}:{port}"
