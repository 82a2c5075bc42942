"""A small target system to practise on: two database clusters, caches and services behind one HTTP service."""
