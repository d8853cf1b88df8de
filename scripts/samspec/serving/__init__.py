"""WSGI applications over HTTP/1.1, parsed by h11."""
