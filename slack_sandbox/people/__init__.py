"""What people do and see, as HTTP: for the page, for tests, for demo drivers."""
