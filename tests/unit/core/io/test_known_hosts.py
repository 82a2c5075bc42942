"""known_hosts as OpenSSH reads it."""

import base64

import pytest

from core.io.known_hosts import HostKey, known_keys

BLOB = b"key of a host"
KEY = base64.b64encode(BLOB).decode()
FOUND = (HostKey("ssh-ed25519", BLOB),)


@pytest.mark.parametrize(
    ("names", "host", "port", "is_known"),
    [
        ("db.example", "db.example", 22, True),
        ("db.example", "DB.example", 22, True),
        ("other,db.example", "db.example", 22, True),
        ("db.example", "db.example", 2222, False),
        ("[db.example]:2222", "db.example", 2222, True),
        ("[db.example]:2222", "db.example", 22, False),
        ("*.example", "db.example", 22, True),
        ("db?.example", "db1.example", 22, True),
        ("*.example,!db.example", "db.example", 22, False),
        ("db.example", "xdb.example", 22, False),
        ("db.example", "dbxexample", 22, False),
        ("2001:db8::1", "2001:db8::1", 22, True),
        ("*" * 60 + "x", "db.example" * 20, 22, False),
        ("*db*.example", "db.example", 22, True),
        ("*", "", 22, True),
        ("|1|broken", "db.example", 22, False),
    ],
)
def test_names(names: str, host: str, port: int, is_known: bool) -> None:
    assert known_keys(f"{names} ssh-ed25519 {KEY} comment", host, port) == (FOUND if is_known else ())


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert known_keys(f"# from the wiki\n\n  db ssh-ed25519 {KEY}\n", "db", 22) == FOUND


def test_a_revoked_key_is_not_accepted_whatever_other_lines_say() -> None:
    line = f"db ssh-ed25519 {KEY}"
    assert known_keys(f"{line}\n@revoked * ssh-ed25519 {KEY}", "db", 22) == ()


def test_an_authority_is_no_key_of_a_host() -> None:
    assert known_keys(f"@cert-authority * ssh-ed25519 {KEY}", "db", 22) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("db ssh-ed25519", "line 1 has no name, type and key"),
        ("\ndb ssh-rsa §", "the key in line 2 is not base64"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        known_keys(text, "db", 22)
