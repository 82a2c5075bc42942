"""Releases: the last one's code beside this one's, on one database."""
