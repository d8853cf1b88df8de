"""The alternative to one function per operation: FastAPI behind Mangum, one function for all.

Domain, repository and problems stay as they are; FastAPI takes the place of entry points, contract
and proxy. You get routing, dependencies and a test client that many people know. It costs about
twice the cold start of this project's handlers, an artifact of 15 MB (`scripts/bench`), the schema
a second time as models (check `app.openapi()` against the spec), and one policy that allows
whatever any operation does. In the template one function has an event for each operation, and in
the spec every integration names it.
"""

from typing import Annotated

from api.errors import Fault, InvalidRequest
from api.problems import PROBLEMS, problem
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field
from users.repository import Users
from users.user import User

ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"

app = FastAPI(title="Users API", openapi_url=None)
users = Users()


class UserInput(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: str = Field(max_length=254, pattern=ADDRESS)
    name: str = Field(min_length=1, max_length=100)


@app.post("/users", operation_id="createUser")
def create_user(
    body: UserInput, idempotency_key: Annotated[str | None, Header()] = None
) -> JSONResponse:
    user = User.create(body.model_dump(), idempotency_key)
    stored = users.add(user)
    headers = {"Location": f"/users/{stored.id}", "ETag": stored.etag}
    if stored != user:
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(stored.as_json(), 201, headers)


@app.get("/users/{id}", operation_id="getUser")
def get_user(id: str) -> JSONResponse:
    user = users.get(id)
    return JSONResponse(user.as_json(), 200, {"ETag": user.etag})


def respond(request: Request, error: Exception) -> JSONResponse:
    response = problem(error)
    return JSONResponse(response.body, response.status, dict(response.headers))


def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    faults = []
    for mistake in error.errors():
        place, *field = mistake["loc"]
        faults.append(Fault(place, ".".join(map(str, field)), mistake["msg"]))
    return respond(request, InvalidRequest(faults))


for error_class in PROBLEMS:
    app.add_exception_handler(error_class, respond)
app.add_exception_handler(RequestValidationError, refuse)

# Mangum sends any other media type as base64, which API Gateway would not decode.
JSON_TYPES = ["application/json", "application/problem+json"]
handler = Mangum(app, lifespan="off", text_mime_types=JSON_TYPES)
