"""One search for incidents, runs, runbooks, workflows and people."""
