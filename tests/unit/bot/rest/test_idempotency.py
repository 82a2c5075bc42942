"""What makes two requests the same one."""

import pytest

from bot.rest.idempotency import fingerprint_of

ONE = ("POST", "/api/incidents", b"{}")


def test_the_same_request_has_the_same_fingerprint() -> None:
    assert fingerprint_of(*ONE) == fingerprint_of(*ONE)


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", "/api/incidents", b"{}"),
        ("POST", "/api/runbooks", b"{}"),
        ("POST", "/api/incidents", b"{ }"),
        ("POST", "/api/incidents{}", b""),
        ("POST", "/api/incidents?team=web", b"{}"),
    ],
)
def test_another_request_has_another_fingerprint(other: tuple[str, str, bytes]) -> None:
    assert fingerprint_of(*other) != fingerprint_of(*ONE)
