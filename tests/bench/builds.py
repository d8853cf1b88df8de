"""What is measured: the artifacts of a plain `sam build`, the peers', Lambda's runtime and its
emulator.
"""

import os
import platform
import py_compile
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from py_compile import PycInvalidationMode

from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

ROOT = Path.cwd()
CACHE = ROOT / ".aws-sam/benchmark"
SPEC = ROOT / "specs/api/users-api.yaml"
PIP = [sys.executable, "-m", "pip"]
# What handlers/ does to start sooner, undone one by one: the module, its text and another text.
WITHOUT = {
    "collector running": ("api/operation.py", "gc.disable()", "gc.enable()"),
    "all SDK data": (
        "api/dynamodb.py",
        'session.register_component("data_loader", _Loader())',
        "pass",
    ),
}
EMULATORS = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}


@dataclass(frozen=True)
class Case:
    name: str
    artifact: Path
    handler: str
    event: bytes


@dataclass(frozen=True)
class Lambda:
    """The runtime's packages, compiled as they are on Lambda, and the Runtime Interface
    Emulator.
    """

    packages: Path
    emulator: Path


def functions(template: Path, build: Path = CACHE / "build") -> list[Case]:
    """The functions that have a sample event."""
    _run([sam() / "sam", "build", "--template", template, "--build-dir", build], "sam build failed")
    cases = []
    for name, properties in Template(template).of_type("AWS::Serverless::Function").items():
        handler = properties["Handler"]
        module = handler.partition(".")[0]
        event = template.parent / f"events/{module}.json"
        if event.exists():
            called = module.replace("_", "-")
            cases.append(Case(called, build / name, handler, event.read_bytes()))
    return cases


def with_callers() -> list[Case]:
    """The functions of a copy of the project that add-auth has turned to callers."""
    copy = CACHE / "with-callers"
    shutil.rmtree(copy, ignore_errors=True)
    listed = _run(["git", "ls-files", "-co", "--exclude-standard", "-z"], "git ls-files failed")
    for name in filter(os.path.lexists, listed.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, copy / name, follow_symlinks=False)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    _run([copy / "scripts/add-auth", "cognito"], "scripts/add-auth failed")
    cases = functions(copy / "template.yaml", CACHE / "build-with-callers")
    return [replace(case, name=f"{case.name}, with callers") for case in cases]


def variants(case: Case) -> list[Case]:
    """A function without each of WITHOUT, to show in the same run what that brings."""
    cases = []
    for name, (module, text, other) in WITHOUT.items():
        artifact = CACHE / f"without-{name.replace(' ', '-')}"
        shutil.rmtree(artifact, ignore_errors=True)
        shutil.copytree(case.artifact, artifact)
        source = artifact / module
        before = source.read_text()
        if text not in before:
            raise ProjectError(f"handlers/{module} has no {text!r} to undo: see {__name__}.WITHOUT")
        source.write_text(before.replace(text, other))
        for compiled in artifact.glob(f"**/__pycache__/{source.stem}.*.pyc"):
            py_compile.compile(
                str(source), str(compiled), invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
            )
        cases.append(Case(f"{case.name}, {name}", artifact, case.handler, case.event))
    return cases


def peers() -> list[Case]:
    """Each as `sam build` leaves it, without .pyc files, and compiled."""
    event = _event("create_user")
    cases = []
    for app in sorted(Path(__file__).parent.glob("peers/*/app.py")):
        source = app.parent
        name = source.name.replace("_", "-")
        cases.append(Case(name, _peer(source, compiled=False), "app.handler", event))
        compiled = _peer(source, compiled=True)
        cases.append(Case(f"{name}, compiled", compiled, "app.handler", event))
    return cases


def lambda_() -> Lambda:
    emulator = EMULATORS.get(platform.machine())
    if sys.platform != "linux" or not emulator:
        raise ProjectError(
            "the Lambda emulator needs Linux on x86_64 or aarch64: run this there, or in a "
            "container"
        )
    lock = ROOT / ".ci/requirements-lambda.txt"
    packages = _installed("runtime", lock, [], compiled=True)
    return Lambda(
        packages, next(sam().parent.glob(f"lib/*/site-packages/samcli/local/rapid/{emulator}"))
    )


def contents(artifact: Path) -> dict[str, int]:
    """Bytes by entry of the artifact's root, with the compiled modules as an entry of their own."""
    sizes: Counter[str] = Counter()
    for file in artifact.rglob("*"):
        if file.suffix == ".pyc":
            sizes["compiled modules"] += file.stat().st_size
        elif file.is_file():
            entry = file.relative_to(artifact).parts[0]
            is_metadata = entry.endswith(".dist-info")
            sizes["package metadata" if is_metadata else entry] += file.stat().st_size
    return dict(sizes.most_common())


def _event(name: str) -> bytes:
    return (ROOT / f"events/{name}.json").read_bytes()


def _peer(source: Path, compiled: bool) -> Path:
    installed = _installed(source.name, source / "requirements.txt", [source / "app.py"], compiled)
    shutil.copy(SPEC, installed)
    return installed


def _installed(name: str, requirements: Path, files: list[Path], compiled: bool) -> Path:
    """A folder with those packages and files, made once for what they are now."""
    digest = sha256(b"".join(file.read_bytes() for file in [requirements, *files])).hexdigest()[:12]
    done = CACHE / f"{name}-{digest}{'-compiled' if compiled else ''}"
    if done.exists():
        return done
    part = done.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--target", str(part)]
    command: list[str | Path] = [*PIP, "install", *options, "--requirement", requirements]
    _run(command, f"pip could not install {requirements}")
    for file in files:
        shutil.copy(file, part)
    if compiled:
        compileall = [sys.executable, "-m", "compileall", "-q"]
        compileall += ["--invalidation-mode", "unchecked-hash", str(part)]
        # Not checked, because some packages carry templates that are not Python.
        subprocess.run(compileall, stdout=subprocess.DEVNULL, check=False)
    return part.rename(done)


def sam() -> Path:
    """The folder of the locked SAM CLI."""
    return Path(_run([ROOT / ".ci/sam-cli"], "the SAM CLI could not be installed").strip())


def _run(command: Sequence[str | Path], failure: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(f"{failure}:\n{done.stderr.strip()}")
    return done.stdout
