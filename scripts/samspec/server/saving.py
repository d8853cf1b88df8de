"""Lambda events as files of the project's events/ folder: whole, or not at all."""

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.server import redaction


def save_event(project: Path, event: dict[str, Any]) -> str:
    """Write an event without its secrets to a new file; its path, relative to the project's folder.

    A ProjectError says why it cannot be written.
    """
    folder = project / "events"
    try:
        folder.mkdir(exist_ok=True)
        if folder.resolve().parent != project.resolve():
            raise ProjectError(f"{folder} leads out of the project: nothing is written there")
        text = json.dumps(redaction.event(event), indent=2, ensure_ascii=False) + "\n"
        return f"events/{_write_new(folder, file_stem(event), text)}"
    except OSError as error:
        raise ProjectError(f"cannot save in {folder}: {error.strerror or error}") from None


def file_stem(event: dict[str, Any]) -> str:
    """`create_user` for an event of createUser, `event` for an operation without an id."""
    operation = str((event.get("requestContext") or {}).get("operationName") or "event")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", operation)
    return words.strip("_").lower()[:100] or "event"


def _write_new(folder: Path, stem: str, text: str) -> str:
    """Write next to the target, then link to the first free name: a link replaces nothing."""
    temporary = folder / f".{stem}.{secrets.token_hex(4)}"
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return _link(temporary, folder, stem)
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, folder: Path, stem: str) -> str:
    number = 1
    while True:
        name = f"{stem}_{number}.json"
        try:
            (folder / name).hardlink_to(temporary)
            return name
        except FileExistsError:
            number += 1
