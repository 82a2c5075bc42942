"""What steps may touch outside, behind values: HTTP calls and processes, each with a total deadline."""
