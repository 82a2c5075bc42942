"""How commands, clicks and events reach the app: over signed HTTP, or over Socket Mode."""
