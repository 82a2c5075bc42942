"""Kubernetes: how its API is reached, and what each action of the step does there."""
