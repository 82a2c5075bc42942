"""Executes runs: claim, prepare, commit, act, commit. The decisions are in core.decisions.advance."""
