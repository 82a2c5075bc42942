"""Runbooks on trial: cases that are run with everything outside made up, and plans of what a run would do."""
