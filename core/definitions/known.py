"""What there is besides the documents that are validated."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.definitions.channel_checks import Channels
from core.definitions.secret_checks import Declared


@dataclass(frozen=True)
class Known:
    """`runbooks` by name; the `channels` that teams declare, by team; the `secrets` that are declared, by name.

    None: nobody says, so any is taken.
    """

    runbooks: Iterable[str] | None = None
    channels: Channels | None = None
    secrets: Declared | None = None


NOTHING_SAID = Known()
