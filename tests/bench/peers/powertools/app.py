"""Powertools for AWS Lambda: its REST resolver with validation, its logger."""

import datetime
import os
import uuid

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel, Field

app = APIGatewayRestResolver(enable_validation=True)
logger = Logger(service="users")
table = boto3.resource("dynamodb").Table(os.environ["USERS_TABLE"])


class NewUser(BaseModel):
    email: str = Field(max_length=254)
    name: str = Field(min_length=1, max_length=100)


@app.post("/users")
def create(new: NewUser) -> dict:
    now = datetime.datetime.now(datetime.UTC).isoformat()
    user = {"id": str(uuid.uuid4()), **new.model_dump(), "created_at": now, "updated_at": now}
    table.put_item(Item=user)
    return user


@logger.inject_lambda_context
def handler(event, context):
    return app.resolve(event, context)
