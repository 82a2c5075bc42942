"""The trusted authorities, which all of a process's HTTP clients share."""

import ssl
from functools import cache

import httpx2


@cache
def trusted() -> ssl.SSLContext:
    """Return them, read once: it takes 40 ms, and a process that runs tests starts hundreds of sandboxes."""
    return httpx2.create_ssl_context(trust_env=False)
