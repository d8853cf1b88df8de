"""The pytest plugin: `pytest_plugins = ["samspec.testing.plugin"]` in a project's conftest.py."""
