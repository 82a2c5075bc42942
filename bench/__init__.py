"""Benchmarks of the whole service, on embedded services in a temporary home: `python -m bench`.

Nothing here asserts on time: a table is printed for people to judge.
"""
