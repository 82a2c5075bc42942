"""Interactions of people with the app: commands, clicks, modals. Builds and delivers payloads, applies the answers."""
