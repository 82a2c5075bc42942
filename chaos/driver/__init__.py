"""The driver: simulated people who open incidents, start runbooks, decide, cancel and give verdicts, from a seed."""
