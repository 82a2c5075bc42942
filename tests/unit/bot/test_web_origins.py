"""The origin of an address is written as browsers write it."""

import pytest

from bot.web_origins import web_origin


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Runbooks.Example:443/", "https://runbooks.example"),
        ("http://runbooks.example:80", "http://runbooks.example"),
        ("http://127.0.0.1:8000/runs", "http://127.0.0.1:8000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("", ""),
        ("null", ""),
        ("http://[", ""),
        ("http://x:99999", ""),
        ("javascript://runbooks.example", ""),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_no_usual_port(address: str, origin: str) -> None:
    assert web_origin(address) == origin
