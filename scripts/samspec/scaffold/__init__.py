"""What a new operation, or another resource, asks of the project's files."""
