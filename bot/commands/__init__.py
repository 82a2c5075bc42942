"""The slash command and its sub-commands. The workspace may give the command another name."""
