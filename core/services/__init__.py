"""The services: they load with a row lock, ask a decision, and save, in one transaction."""
