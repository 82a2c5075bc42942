"""The hands: RQ jobs that run executions, and the clock that wakes them. They stand on core."""
