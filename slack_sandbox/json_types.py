"""The shape of what travels as JSON. Slack's objects are open-ended, so their values stay untyped."""

from typing import Any

Json = dict[str, Any]
