"""Analytics: how long runs take, how often they succeed, and where they fail."""
