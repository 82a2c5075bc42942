"""Worker and scheduler processes: RQ jobs that run executions, and the scheduler that enqueues them."""
