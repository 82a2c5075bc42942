"""The independent checker: facts from the database, the target and Slack, held against the model.

It imports nothing of the product.
"""
