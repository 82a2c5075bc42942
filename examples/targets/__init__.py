"""A small estate to practise on: two database clusters, caches and services behind one HTTP service."""
