"""An API of notes whose callers send tokens of the local issuer, and how tests serve an API."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

ISSUER = "http://127.0.0.1:4000/_/issuer"
TEMPLATE = """
Parameters:
  Provider: { Type: String, Default: "http://127.0.0.1:4000/_/issuer" }
Resources:
  Check:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: check.handler
      InlineCode: ""
      Environment: { Variables: { TOKEN_ISSUER: { Ref: Provider } } }
  Notes:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody:
        openapi: 3.0.3
        info: { title: Notes, version: "1" }
        paths:
          /notes:
            post:
              security: [{ Token: [] }]
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      required: [email]
                      properties: { email: { type: string, format: email } }
              responses: { "201": { description: It }, "403": { description: No } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            get:
              security: []
              responses: { "200": { description: All } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
          /notes/{id}:
            delete:
              security: [{ Token: [] }]
              responses: { "204": { description: Gone }, "403": { description: No } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
        components:
          securitySchemes:
            Token:
              type: apiKey
              name: Authorization
              in: header
              x-samspec-scopes: [notes/write, notes/admin]
              x-amazon-apigateway-authtype: custom
              x-amazon-apigateway-authorizer:
                type: token
                authorizerUri:
                  Fn::Sub: "arn:aws:apigateway:us-east-1:lambda:path/f/${Check.Arn}/invocations"
"""


@contextmanager
def served(application: Any) -> Iterator[str]:
    """The URL of a WSGI application on this machine, without a slash at the end."""
    server = make_server("127.0.0.1", 0, application)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
