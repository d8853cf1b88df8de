"""`scripts/fuzz`: schemathesis against the local gateway or any URL, with a seed that brings the
same cases again.
"""
