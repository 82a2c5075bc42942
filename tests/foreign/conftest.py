"""What is in these folders is run where it stands for somebody else's project: see the tests beside them."""

collect_ignore = ["python", "javascript"]
