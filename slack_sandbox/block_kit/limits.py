"""Slack's limits of blocks, elements and views, with the pages that state them, and generated block and action ids.

Lengths are in characters.
"""

from slack_sandbox.values import Json, new_secret

# https://docs.slack.dev/reference/block-kit/blocks
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCK_ID = 255

# https://docs.slack.dev/reference/block-kit/blocks/section-block
SECTION_TEXT = 3000
SECTION_FIELDS = 10
SECTION_FIELD_TEXT = 2000

# https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADER_TEXT = 150

# https://docs.slack.dev/reference/block-kit/blocks/context-block
CONTEXT_ELEMENTS = 10

# https://docs.slack.dev/reference/block-kit/blocks/actions-block
ACTIONS_ELEMENTS = 25

# https://docs.slack.dev/reference/block-kit/blocks/input-block
INPUT_LABEL = 2000
INPUT_HINT = 2000

# https://docs.slack.dev/reference/block-kit/blocks/image-block
IMAGE_URL = 3000
IMAGE_ALT_TEXT = 2000
IMAGE_TITLE = 2000

# https://docs.slack.dev/reference/block-kit/blocks/markdown-block
MARKDOWN_TEXT = 12_000

# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
TEXT_OBJECT = 3000

# https://docs.slack.dev/reference/block-kit/block-elements
ACTION_ID = 255
PLACEHOLDER = 150

# https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_TEXT = 75
BUTTON_URL = 3000
BUTTON_VALUE = 2000
ACCESSIBILITY_LABEL = 75

# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTION_DESCRIPTION = 75
OPTION_GROUP_LABEL = 75

# https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
SELECT_OPTIONS = 100
# .../checkboxes-element and .../radio-button-group-element
CHOICE_OPTIONS = 10
# .../overflow-menu-element
OVERFLOW_OPTIONS = 5
# .../plain-text-input-element
INPUT_TEXT = 3000

# .../datetime-picker-element
UNIX_TIME_DIGITS = 10

# .../file-input-element
INPUT_FILES = 10

# https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30

# https://docs.slack.dev/reference/views/modal-views
MODAL_TITLE = 24
MODAL_BUTTON = 24
PRIVATE_METADATA = 3000
CALLBACK_ID = 255
EXTERNAL_ID = 255

# https://docs.slack.dev/reference/methods/views.open, error view_too_large
VIEW_BYTES = 250_000
# https://docs.slack.dev/reference/methods/views.push, error push_limit_reached
VIEW_STACK = 3


def with_identities(blocks: list[Json]) -> list[Json]:
    """The same blocks, each with a ``block_id`` and each interactive element with an ``action_id``."""
    return [_with_block_id(block) for block in blocks]


def _with_block_id(block: Json) -> Json:
    named = {**block, "block_id": block.get("block_id") or new_secret()[:5]}
    for key in ("accessory", "element"):
        if isinstance(named.get(key), dict):
            named[key] = _with_action_id(named[key])
    if named["type"] == "actions":
        named["elements"] = [_with_action_id(element) for element in named["elements"]]
    return named


def _with_action_id(element: Json) -> Json:
    if element.get("type") == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": new_secret()[:5]}
