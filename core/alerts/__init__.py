"""Alerts from other systems: one pure parser per vendor, from the body of its webhook to an `Alert`."""
