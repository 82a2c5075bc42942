"""What there is besides the documents that are validated."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.definitions.channel_checks import Channels


@dataclass(frozen=True)
class Known:
    """`runbooks` by name; the `channels` that teams declare, by team. None: nobody says, so any is taken."""

    runbooks: Iterable[str] | None = None
    channels: Channels | None = None


NOTHING_SAID = Known()
