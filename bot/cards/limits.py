"""Slack's limits, in characters unless stated otherwise. Slack refuses a whole message that breaks one of them."""

MESSAGE_TEXT = (
    4_000  # recommended; truncated at 40,000: https://docs.slack.dev/reference/methods/chat.postMessage
)
MESSAGE_BLOCKS = 50  # https://docs.slack.dev/reference/block-kit/blocks
SECTION_TEXT = 3_000  # https://docs.slack.dev/reference/block-kit/blocks/section-block
CONTEXT_ELEMENTS = 10  # https://docs.slack.dev/reference/block-kit/blocks/context-block
BUTTON_TEXT = 75  # https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_VALUE = 2_000
CONFIRM_TITLE = (
    100  # https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
)
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
BLOCK_ID = 255
