"""The independent checker: compares facts from the database, the target and Slack with what was promised.

It imports nothing from the product.
"""
