"""Operations that tests add to copies of the project."""

from pathlib import Path

from tests.samspec.drift.copies import SPEC

PATCH_USER = """\
    patch:
      operationId: patchUser
      summary: Change some of a user
      description: What the body leaves out stays as it is.
      tags: [Users]
      parameters:
        - { $ref: "#/components/parameters/UserId" }
        - name: If-Match
          in: header
          required: true
          schema: { type: string, pattern: '^(\\*|"[0-9a-fx]*")$' }
          example: "*"
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              minProperties: 1
              additionalProperties: false
              properties:
                email: { $ref: "#/components/schemas/Email" }
                name: { $ref: "#/components/schemas/Name" }
            examples:
              name: { summary: Another name, value: { name: Ada King } }
      responses:
        "200": { $ref: "#/components/responses/User" }
        "400": { $ref: "#/components/responses/BadRequest" }
        "404": { $ref: "#/components/responses/NotFound" }
        "409": { $ref: "#/components/responses/Conflict" }
        "412": { $ref: "#/components/responses/PreconditionFailed" }
        "415": { $ref: "#/components/responses/UnsupportedMediaType" }
        "429": { $ref: "#/components/responses/TooManyRequests" }
        "500": { $ref: "#/components/responses/InternalServerError" }
        "503": { $ref: "#/components/responses/ServiceUnavailable" }
"""
VERIFY_USER = """\
    post:
      operationId: verifyUser
      summary: Mark a user's address as verified
      tags: [Users]
      parameters:
        - { $ref: "#/components/parameters/UserId" }
      responses:
        "204":
          description: The address is verified.
          headers:
            Access-Control-Allow-Origin:
              $ref: "#/components/headers/AccessControlAllowOrigin"
            Access-Control-Expose-Headers:
              $ref: "#/components/headers/AccessControlExposeHeaders"
        "400": { $ref: "#/components/responses/BadRequest" }
        "404": { $ref: "#/components/responses/NotFound" }
        "429": { $ref: "#/components/responses/TooManyRequests" }
        "500": { $ref: "#/components/responses/InternalServerError" }
        "503": { $ref: "#/components/responses/ServiceUnavailable" }
"""


def specify(root: Path, path: str, operation: str) -> None:
    """Writes an operation into the spec, under a path that it has or under a new one, its last."""
    spec = (root / SPEC).read_text()
    before, there, after = spec.partition(f"\n  {path}:\n")
    if there:  # the last of its methods
        spec = before + there + after.replace("    options:\n", f"{operation}\n    options:\n", 1)
    else:
        spec = spec.replace("\ncomponents:\n", f"\n  {path}:\n{operation}\ncomponents:\n", 1)
    (root / SPEC).write_text(spec)
