"""A Slack workspace on your own machine: Slack's public protocol on one side, people on the other.

Point any Slack app at it with ``http://127.0.0.1:PORT/api/`` as the API URL. Everything is kept in memory.
The event loop is the lock: whatever changes the workspace is a plain function that never awaits.
"""
