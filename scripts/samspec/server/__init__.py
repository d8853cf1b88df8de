"""The local API over HTTP, with its console, docs page and terminal."""
