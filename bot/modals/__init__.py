"""Modals: what is asked of a person before something can be done."""
