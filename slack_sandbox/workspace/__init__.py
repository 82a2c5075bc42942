"""The workspace: its people, channels, messages and open modals."""
