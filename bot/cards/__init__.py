"""The cards: what is posted to Slack, rendered from core's views and from nothing else."""
