"""Slack's limits of modals, in characters unless stated otherwise."""

BLOCKS = 100  # https://docs.slack.dev/reference/views/modal-views
TITLE = 24
PRIVATE_METADATA = 3_000
BLOCK_ID = 255  # https://docs.slack.dev/reference/block-kit/blocks
SECTION_TEXT = 3_000  # https://docs.slack.dev/reference/block-kit/blocks/section-block
LABEL, HINT = 2_000, 2_000  # https://docs.slack.dev/reference/block-kit/blocks/input-block
INPUT_TEXT = 3_000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
OPTIONS = 100  # https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
OPTION_TEXT = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
OPTION_VALUE = 150
PLACEHOLDER = 150
