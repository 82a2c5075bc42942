"""Alerts of other systems: one pure parser a vendor, from the body of its webhook to what it says."""
