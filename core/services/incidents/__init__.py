"""Incidents: opening, changing, alerts, timeline."""
