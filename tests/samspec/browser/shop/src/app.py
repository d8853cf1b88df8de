"""Orders: some are placed, pears have no price."""

import json
import logging
import time

import boto3

log = logging.getLogger()
log.setLevel("INFO")
table = boto3.resource("dynamodb").Table("Orders")


class OrderError(Exception):
    pass


def price(order):
    prices = {} if order["item"] == "pear" else {order["item"]: 3}
    return prices[order["item"]] * order.get("count", 1)


def place(order, order_id):
    try:
        total = price(order)
    except KeyError as error:
        raise OrderError(f"no price for {order['item']}") from error
    table.put_item(Item={"id": order_id, "item": order["item"], "total": total})
    return {"id": order_id, "total": total}


def faults(order):
    if not isinstance(order.get("count", 1), int):
        yield {"in": "body", "field": "count", "detail": "is not an integer"}
    if "item" not in order:
        yield {"in": "body", "field": "item", "detail": "is required"}


def respond(status, body):
    return {"statusCode": status, "body": json.dumps(body)}


def handler(event, context):
    if event["resource"] == "/slow":
        time.sleep(2)
        return respond(200, {})
    if event["resource"] == "/secret":
        return respond(200, {})
    if event["resource"] == "/wrong":
        return respond(200, {"total": "three"})
    order = json.loads(event["body"])
    wrong = list(faults(order))
    if wrong:
        return respond(400, {"message": "Invalid order", "errors": wrong})
    try:
        log.warning("placing an order", extra={"item": order["item"]})
        return respond(201, place(order, context.aws_request_id))
    except Exception:
        log.exception("cannot place the order")
        return respond(500, {"message": "Internal server error"})
