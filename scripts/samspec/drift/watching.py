"""What `--watch` looks at: the files of a project, by their times."""

from pathlib import Path

SKIPPED = {".git", ".venv", "venv", "node_modules", ".aws-sam", "__pycache__", ".pytest_cache",
           ".mypy_cache", ".ruff_cache", ".hypothesis"}  # fmt: skip


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """The time of change and size of every file that a check may read."""
    times = {}
    waiting = [root]
    while waiting:
        for path in _entries(waiting.pop()):
            if path.name in SKIPPED:
                continue
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)
                continue
            try:
                status = path.stat()
            except OSError:
                continue  # it was removed in the meantime, or leads nowhere
            times[str(path)] = status.st_mtime_ns, status.st_size
    return times


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
