"""What Slack accepts as blocks and views, decided by the limits that Slack publishes."""
