"""A deployment without AWS: the project's own commands, against MiniStack on this machine."""
