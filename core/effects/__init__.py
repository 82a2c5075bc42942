"""Effects shared by several step and action types: HTTP calls, commands, messages, tickets."""
