"""The alternative to one function an operation: FastAPI behind Mangum, one function for all of them.

Domain, repository and problems stay as they are; FastAPI takes the place of entry points, contract and proxy. It gives
routing, dependencies and a test client that many know. It costs: about twice the cold start of this project's handlers
and an artifact of 15 MB (`scripts/bench`), the schema a second time as models (hold `app.openapi()` against the spec),
and one policy that may do all that any operation does. In the template one function gets an event for each operation,
and in the spec all integrations name it.
"""

from typing import Annotated

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field
from api.errors import Fault, InvalidRequest
from api.problems import PROBLEMS, problem
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
def create_user(body: UserInput, idempotency_key: Annotated[str | None, Header()] = None) -> JSONResponse:
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


def answer(request: Request, error: Exception) -> JSONResponse:
    response = problem(error)
    return JSONResponse(response.body, response.status, dict(response.headers))


def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    faults = [Fault(one["loc"][0], ".".join(map(str, one["loc"][1:])), one["msg"]) for one in error.errors()]
    return answer(request, InvalidRequest(faults))


for kind in PROBLEMS:
    app.add_exception_handler(kind, answer)
app.add_exception_handler(RequestValidationError, refuse)

# Mangum would encode what it does not know as base64, which API Gateway sends on as it is.
handler = Mangum(app, lifespan="off", text_mime_types=["application/json", "application/problem+json"])
