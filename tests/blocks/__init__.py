"""Every message and view that the bot can make, with hostile texts in it, checked by the sandbox's Block Kit rules."""
