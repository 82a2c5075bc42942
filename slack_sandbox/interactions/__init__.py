"""What people do to the app: commands, clicks, modals. Builds the payloads, delivers, acts on the answers."""
