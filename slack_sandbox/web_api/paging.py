"""Cursors: https://docs.slack.dev/apis/web-api/pagination"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from slack_sandbox.errors import SlackError
from slack_sandbox.web_api.arguments import Arguments

Item = TypeVar("Item")

PREFIX = "next:"
LARGEST_PAGE = 1000


def page(items: Sequence[Item], arguments: Arguments, default: int = 100) -> tuple[list[Item], str]:
    """The page that ``cursor`` and ``limit`` ask for, and the cursor of the next one, or ``""``.

    Raises SlackError: invalid_cursor, invalid_limit.
    """
    limit = arguments.number("limit", default) or default
    if not 1 <= limit <= LARGEST_PAGE:
        raise SlackError("invalid_limit")
    start = decode_cursor(arguments.text("cursor"))
    end = start + limit
    return list(items[start:end]), encode_cursor(end) if end < len(items) else ""


def encode_cursor(position: int) -> str:
    return base64.b64encode(f"{PREFIX}{position}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        return int(text.removeprefix(PREFIX))
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor") from error
