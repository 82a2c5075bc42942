"""The driver: people who open incidents, start runbooks, decide, cancel and give verdicts, by a seed."""
