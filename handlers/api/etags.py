"""Conditional requests (RFC 9110, 13.1); the spec's pattern has checked the headers' syntax."""

import re

TAG = re.compile(r'(W/)?("[^"]*")')
OURS = re.compile('"([0-9a-f]{32})"')  # what Resource.etag looks like; no other tag can match


def revisions(if_match: str | None) -> frozenset[str] | None:
    """The revisions that If-Match accepts, by strong comparison; None if it accepts any: without
    the header, or `*`, which any existing resource meets.
    """
    if if_match is None or if_match == "*":
        return None
    strong = (tag for weak, tag in TAG.findall(if_match) if not weak)
    return frozenset(match[1] for match in map(OURS.fullmatch, strong) if match)


def none_match(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match holds for a resource that exists, by weak comparison; it does without
    the header.
    """
    if if_none_match is None:
        return True
    return if_none_match != "*" and etag not in {tag for _, tag in TAG.findall(if_none_match)}
