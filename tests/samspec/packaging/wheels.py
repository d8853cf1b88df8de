"""Wheels of the tests' own making, in a folder that pip looks into instead of the network."""

import zipfile
from pathlib import Path

import pytest

PURE = "py3-none-any"


def write(folder: Path, name: str, tag: str = PURE, **files: str) -> None:
    """A wheel of version 1.0 whose modules are `files`: their text by name."""
    info = f"{name}-1.0.dist-info"
    contents = {f"{module}.py": text for module, text in files.items()}
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    contents[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in contents)
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as wheel:
        for path, text in contents.items():
            wheel.writestr(path, text)


def only_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip takes wheels from the folder, and has a cache of its own."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
