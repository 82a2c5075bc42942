"""Incidents: opening, changes, alerts, ages, and the timeline."""
