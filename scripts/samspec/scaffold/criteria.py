"""The acceptance criteria of a resource's five operations: feature specs and tests number them
alike."""

from dataclasses import dataclass

from samspec.scaffold.resource import Attribute, Resource

Criteria = dict[str, str]  # sentences by key, in order
UNAVAILABLE = (
    "**Given** a database that throttles or does not respond, **when** the retries are used up, "
    "**then** the response is 503 with `Retry-After`; any other failure of it is a 500."
)


@dataclass(frozen=True)
class Feature:
    """What one operation's page says."""

    verb: str
    purpose: str
    criteria: Criteria
    edges: list[str]

    def number(self, key: str) -> int:
        return list(self.criteria).index(key) + 1


def spoken(attributes: list[Attribute]) -> str:
    """isbn; isbn or shelf mark"""
    return " or ".join(attribute.name.rstrip("_").replace("_", " ") for attribute in attributes)


def features(resource: Resource) -> dict[str, Feature]:
    """The pages by verb."""
    pages = (_create, _list, _get, _update, _delete)
    made = [page(resource) for page in pages]
    return {feature.verb: feature for feature in made}


def _create(r: Resource) -> Feature:
    n = r.names
    criteria = {
        "valid": "**Given** a valid body, **when** it is sent, **then** the response is 201 with "
        f"the {n.word}, its `Location`{' and `ETag`' if r.tagged else ''}; optional properties can "
        "be left out.",
        "faults": "**Given** a body that breaks the spec, **when** it is sent, **then** the "
        "response is 400 and names every property at fault.",
    }
    for attribute in r.unique:
        name = spoken([attribute])
        criteria[f"unique:{attribute.name}"] = (
            f"**Given** the {name} of another {n.word}, **when** {n.a_word} is created with it, "
            "**then** the response is 409 and nothing is stored."
        )
    if r.parent:
        parent = r.parent.names
        criteria["parent"] = (
            f"**Given** an id that no {parent.word} has, **when** {n.a_word} is created under it, "
            "**then** the response is 404."
        )
    if r.idempotent:
        criteria["replay"] = (
            "**Given** an `Idempotency-Key` that created a resource, **when** the same request is "
            f"sent again, **then** the response is 201 with that {n.word} and "
            "`Idempotency-Replayed`."
        )
        criteria["reused"] = (
            "**Given** an `Idempotency-Key` that was used, **when** it is sent with another body, "
            "**then** the response is 422."
        )
    criteria["media"] = (
        "**Given** a body whose media type is not `application/json`, **when** it is sent, "
        "**then** the response is 415."
    )
    criteria["failing"] = UNAVAILABLE
    return Feature("create", f"A caller creates {n.a_word}.", criteria, _create_edges(r))


def _create_edges(r: Resource) -> list[str]:
    edges = ["An unknown property is an error, not ignored."]
    if any(attribute.nullable for attribute in r.attributes):
        edges.append("A nullable property that is left out is null in the response.")
    if r.parent:
        parent = r.parent.names
        edges.append(f"What belongs to {parent.a_word} stays when the {parent.word} is deleted.")
    return edges


def _list(r: Resource) -> Feature:
    n = r.names
    criteria = {
        "empty": f"**Given** no {n.words}, **when** they are listed, **then** the response is 200 "
        "with an empty list.",
        "walk": f"**Given** many {n.words}, **when** a caller follows `next_cursor` until there is "
        "none, **then** each of them was shown exactly once, at any `limit` from 1 to 100.",
    }
    if r.parent:
        parent = r.parent.names
        criteria["parent"] = (
            f"**Given** {n.words} of two {parent.words}, **when** those of one are listed, "
            f"**then** the others are not shown; for an id that no {parent.word} has, the response "
            "is 404."
        )
    else:
        for attribute in r.unique:
            name = spoken([attribute])
            criteria[f"unique:{attribute.name}"] = (
                f"**Given** {n.words}, **when** they are listed by {name}, **then** the response "
                "has the one with that value, or none."
            )
    for attribute in r.filters:
        name = spoken([attribute])
        criteria[f"filter:{attribute.name}"] = (
            f"**Given** {n.words}, **when** they are listed by {name}, **then** the pages have all "
            "of those with that value, and no others."
        )
    criteria["faults"] = (
        "**Given** a `limit` that is not from 1 to 100, or a cursor that this listing did not "
        "return, **when** it is sent, **then** the response is 400."
    )
    criteria["failing"] = UNAVAILABLE
    edges = ["A cursor of a listing with one value is of no use for another value."] * bool(
        r.filters or r.parent
    )
    edges.append("The order means nothing.")
    return Feature("list", f"A caller reads the {n.words}, page by page.", criteria, edges)


def _get(r: Resource) -> Feature:
    n = r.names
    criteria = {
        "found": f"**Given** {n.a_word}, **when** it is read, **then** the response is 200 with it "
        "as it is now."
    }
    if r.tagged:
        criteria["known"] = (
            "**Given** an `If-None-Match` with its tag, **when** it is read, **then** the "
            "response is 304 without a body."
        )
    criteria["missing"] = (
        f"**Given** an id that no {n.word} has, **when** it is read, **then** the response is 404."
    )
    criteria["faults"] = (
        "**Given** an id that is not a UUID, **when** it is sent, **then** the response is 400."
    )
    criteria["failing"] = UNAVAILABLE
    edges = [f"A {n.word} is found at once after its creation: reads are consistent."]
    return Feature("get", f"A caller reads {n.a_word}.", criteria, edges)


def _update(r: Resource) -> Feature:
    n = r.names
    criteria = {
        "replaced": f"**Given** {n.a_word}, **when** it is replaced, **then** the response is 200 "
        "with the new values; what the body leaves out is gone, `id` and `created_at` stay."
    }
    for attribute in r.unique:
        name = spoken([attribute])
        criteria[f"unique:{attribute.name}"] = (
            f"**Given** the {name} of another {n.word}, **when** an update asks for it, **then** "
            f"the response is 409 and nothing changes; {name} that was given up is free."
        )
    if r.tagged:
        criteria["changed"] = (
            f"**Given** an `If-Match` without its current tag, **when** the {n.word} is replaced, "
            "**then** the response is 412 and nothing changes."
        )
    criteria["missing"] = (
        f"**Given** an id that no {n.word} has, **when** it is replaced, **then** the response is "
        "404."
    )
    criteria["faults"] = (
        "**Given** a body that breaks the spec or is not JSON, **when** it is sent, **then** the "
        "response is 400 or 415."
    )
    criteria["failing"] = UNAVAILABLE
    return Feature("update", f"A caller replaces {n.a_word}.", criteria, ["PUT creates nothing."])


def _delete(r: Resource) -> Feature:
    n = r.names
    criteria = {
        "gone": f"**Given** {n.a_word}, **when** it is deleted, **then** the response is 204, and "
        "it can be created again."
    }
    if r.tagged:
        criteria["changed"] = (
            f"**Given** an `If-Match` without its current tag, **when** the {n.word} is deleted, "
            "**then** the response is 412 and it stays."
        )
    criteria["missing"] = (
        f"**Given** an id that no {n.word} has, **when** it is deleted, **then** the response is "
        "404."
    )
    criteria["faults"] = (
        "**Given** an id that is not a UUID, **when** it is sent, **then** the response is 400."
    )
    criteria["failing"] = UNAVAILABLE
    return Feature("delete", f"A caller deletes {n.a_word}.", criteria, ["None is known yet."])
