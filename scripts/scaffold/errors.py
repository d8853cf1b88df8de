"""What keeps a command from its work."""


class Unusable(Exception):
    """The text says what to mend."""
