"""The slash command: one command, whatever the workspace names it, with sub-commands."""
