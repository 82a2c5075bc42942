"""What a card comes to: the three things that `chat.postMessage` is given."""

from dataclasses import dataclass
from typing import TypeAlias

Block: TypeAlias = dict[str, object]
Metadata: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Message:
    """`text` alone says it all: a phone's notification and a screen reader have nothing else.

    The first block's `block_id` names the card and its subject (`headline.rbx_…`), so that a message can be
    told from the others about the same execution when it is looked up in the channel.
    """

    text: str
    blocks: list[Block]
    metadata: Metadata | None = None
