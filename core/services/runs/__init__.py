"""What people and workflows do to a run: cancel, approve, verdicts, retry; and what each change obliges us to."""
