"""Each function's own copy of the modules under its CodeUri: as on Lambda, none sees another's state."""

import builtins
import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import resolve_name, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

# sys.modules belongs to the whole process: one space at a time may stand in it.
_lock = threading.RLock()


class ModuleSpace:
    """Imports what lies under `root` into `modules`, and leaves sys.modules as it was."""

    def __init__(self, root: Path):
        self.root = root
        self.modules: dict[str, ModuleType] = {}
        self._names = {
            p.stem for p in root.iterdir() if p.suffix == ".py" or (p.is_dir() and p.suffix == "")
        }
        self._entered_by: int | None = None

    def load(self, name: str) -> ModuleType:
        with self._entered():
            return importlib.import_module(name)

    def files(self) -> set[Path]:
        """Every file that a change of would make the loaded modules stale, data files beside them included."""
        sources = {Path(m.__file__) for m in self.modules.values() if getattr(m, "__file__", None)}  # type: ignore[arg-type]
        return sources | {
            p for p in self.root.iterdir() if p.is_file() and p.suffix not in ("", ".py")
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        """The meta path hook: finds names under the root, for the thread that entered this space."""
        if self._entered_by != threading.get_ident() or not self._is_local(name):
            return None
        spec = PathFinder.find_spec(name, [str(self.root)] if path is None else path)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            return spec if spec and spec.origin else None
        return spec_from_file_location(
            name,
            spec.origin,
            loader=_Loader(name, spec.origin, self),
            submodule_search_locations=spec.submodule_search_locations,
        )

    def import_(
        self,
        name: str,
        namespace: Any = None,
        local: Any = None,
        wanted: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        """What an `import` statement calls in a module of this space, when it is loaded and later on."""
        full = resolve_name("." * level + name, namespace["__package__"]) if level else name
        if not self._is_local(full):
            return builtins.__import__(name, namespace, local, wanted, level)
        known = self.modules.get(full)
        if known and wanted and all(hasattr(known, attribute) for attribute in wanted):
            return known
        with self._entered():
            return builtins.__import__(name, namespace, local, wanted, level)

    def _is_local(self, name: str) -> bool:
        return name.partition(".")[0] in self._names

    @contextmanager
    def _entered(self) -> Iterator[None]:
        with _lock:
            if self._entered_by:
                yield
                return
            hidden = {
                name: sys.modules.pop(name) for name in list(sys.modules) if self._is_local(name)
            }
            sys.modules.update(self.modules)
            sys.meta_path.insert(0, self)
            self._entered_by = threading.get_ident()
            try:
                yield
            finally:
                self._entered_by = None
                sys.meta_path.remove(self)
                self.modules = {
                    n: sys.modules.pop(n) for n in list(sys.modules) if self._is_local(n)
                }
                sys.modules.update(hidden)


class _Loader(SourceFileLoader):
    """Gives a module this space's `import` before its first line runs."""

    def __init__(self, name: str, path: str, space: ModuleSpace):
        super().__init__(name, path)
        self._space = space

    def path_stats(self, path: str) -> dict[str, int]:
        """Milliseconds tell one edit from the next; by Python's own seconds, a cached module may be the former one."""
        found = Path(path).stat()
        return {"mtime": found.st_mtime_ns // 1_000_000, "size": found.st_size}

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._space.import_}
        super().exec_module(module)
