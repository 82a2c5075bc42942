"""The ways to start a runbook beside the slash command: picker, shortcuts, mentions, and the menus of their forms."""
