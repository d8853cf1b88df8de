"""The resource: users, their storage and their errors."""
