"""The console's own files, and Swagger UI's, which the package keeps compressed."""

import gzip
from functools import cache
from pathlib import Path

PAGES = Path(__file__).parent / "pages"
SWAGGER = PAGES / "swagger-ui"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


def own(name: str) -> tuple[bytes, str] | None:
    """A file of the console and its media type, or None. It is small, and so read each time."""
    return _file(PAGES / name)


def swagger(name: str, accepts_gzip: bool) -> tuple[bytes, str, bool] | None:
    """A file of Swagger UI, its media type, and whether it is compressed; None if there is none."""
    compressed = _file(SWAGGER / f"{name}.gz")
    if compressed is None:
        return None
    body, _ = compressed
    media_type = TYPES.get(Path(name).suffix, "application/octet-stream")
    return (body, media_type, True) if accepts_gzip else (_expanded(body), media_type, False)


def _file(path: Path) -> tuple[bytes, str] | None:
    media_type = TYPES.get(path.suffix, "application/octet-stream")
    return (path.read_bytes(), media_type) if path.is_file() else None


@cache
def _expanded(body: bytes) -> bytes:
    return gzip.decompress(body)
