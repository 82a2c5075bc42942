"""AWS: how its APIs are called, and what Systems Manager does for steps."""
