"""The pages of runs: their list, one run with its timeline, what people decide about it, and its downloads."""
