"""Events become files whole or not at all."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from samspec.sam.errors import ProjectError
from samspec.server import saving

EVENT: dict[str, Any] = {"requestContext": {"operationName": "createUser"}, "body": "é"}


def test_events_are_numbered_by_their_operation(tmp_path: Path) -> None:
    assert saving.save_event(tmp_path, EVENT) == "events/create_user_1.json"
    assert saving.save_event(tmp_path, EVENT) == "events/create_user_2.json"
    assert json.loads((tmp_path / "events/create_user_1.json").read_text()) == EVENT


def test_saves_at_one_time_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        names = list(pool.map(lambda _: saving.save_event(tmp_path, EVENT), range(40)))
    assert len(set(names)) == 40
    assert len(list((tmp_path / "events").iterdir())) == 40


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events/create_user_1.json").symlink_to(tmp_path / "outside.json")
    assert saving.save_event(tmp_path, EVENT) == "events/create_user_2.json"
    assert not (tmp_path / "outside.json").exists()


def test_a_folder_that_leads_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "events").symlink_to(elsewhere)
    with pytest.raises(ProjectError, match="leads out of the project"):
        saving.save_event(project, EVENT)
    assert list(elsewhere.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProjectError, match="No space left on device"):
        saving.save_event(tmp_path, EVENT)
    assert list((tmp_path / "events").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("a file")
    with pytest.raises(ProjectError, match="cannot save in"):
        saving.save_event(tmp_path, EVENT)


@pytest.mark.parametrize(
    ("operation", "stem"),
    [("createUser", "create_user"), ("../../etc/x", "etc_x"), ("...", "event"), (None, "event")],
)
def test_a_name_stays_within_the_folder(operation: str | None, stem: str) -> None:
    assert saving.file_stem({"requestContext": {"operationName": operation}}) == stem


def test_secrets_are_not_written(tmp_path: Path) -> None:
    file = saving.save_event(tmp_path, {**EVENT, "headers": {"Authorization": "Bearer abc"}})
    assert "abc" not in (tmp_path / file).read_text()
