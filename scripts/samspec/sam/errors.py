"""The one way in which a user's project can be wrong for every tool."""


class ProjectError(Exception):
    """Something in the user's project or command is wrong.

    The message is one line that says where and what to do.
    """
