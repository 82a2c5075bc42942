"""The strikes: one file for each kind of fault. Each heals what it broke, but for what the crew restarts."""
