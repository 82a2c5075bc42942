"""What `validate` checks beyond the shape of one document."""
