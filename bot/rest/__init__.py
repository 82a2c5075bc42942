"""The REST API: one router module for each resource. Every handler makes one call into core."""
