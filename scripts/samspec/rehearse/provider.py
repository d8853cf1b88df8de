"""The local issuer in the place of the identity provider that a Lambda authorizer asks for keys.

A function names its provider in TOKEN_ISSUER, as `samspec add-auth lambda` writes it. If a
parameter of the template says which, the rehearsal deploys with the local issuer instead, and
serves its documents.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from samspec.sam.project import Project
from samspec.server import issuer_pages
from samspec.serving.http import HttpServer

VARIABLE = "TOKEN_ISSUER"


@contextmanager
def running(project: Project) -> Iterator[Mapping[str, str]]:
    """The parameters to deploy with, as long as the issuer runs; empty if nobody asks for one."""
    names = set(_parameters(project))
    if not names:
        yield {}
        return
    server = HttpServer.on_loopback(_application)
    try:
        yield dict.fromkeys(names, server.url + issuer_pages.PREFIX)
    finally:
        server.close()


def _parameters(project: Project) -> Iterator[str]:
    """The parameters that name the provider of a function."""
    for function in project.functions.values():
        stated = function.variables.get(VARIABLE)
        if isinstance(stated, dict) and "Ref" in stated:
            yield str(stated["Ref"])


def _application(environ: Any, start_response: Any) -> Any:
    request = Request(environ)
    document = issuer_pages.page(request.path, request.host_url.rstrip("/"))
    if document is None:
        return NotFound()(environ, start_response)
    response = Response(json.dumps(document), content_type="application/json")
    return response(environ, start_response)
