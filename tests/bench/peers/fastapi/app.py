"""FastAPI behind Mangum."""

import datetime
import os
import uuid

import boto3
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI()
table = boto3.resource("dynamodb").Table(os.environ["USERS_TABLE"])


class NewUser(BaseModel):
    email: str = Field(max_length=254)
    name: str = Field(min_length=1, max_length=100)


@app.post("/users", status_code=201)
def create(new: NewUser) -> dict:
    now = datetime.datetime.now(datetime.UTC).isoformat()
    user = {"id": str(uuid.uuid4()), **new.model_dump(), "created_at": now, "updated_at": now}
    table.put_item(Item=user)
    return user


handler = Mangum(app, lifespan="off")
