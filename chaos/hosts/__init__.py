"""Hosts: network namespaces on a switch of their own, which can be cut off, lost and restarted."""
