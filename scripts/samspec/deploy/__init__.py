"""What is deployed: the stack that samconfig.toml names, and whether its API works."""
