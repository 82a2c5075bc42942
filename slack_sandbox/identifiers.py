"""Identifiers that look like Slack's: a letter that says the kind, then capitals and digits."""

import secrets
import string

ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """A fresh identifier, such as ``C7Q2ZJ4KX1`` for the prefix ``C``."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(10))


def new_secret() -> str:
    return secrets.token_urlsafe(24)
