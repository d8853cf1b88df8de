"""The command `samspec`: one subcommand per tool, one form of error, one set of exit codes.

Exit codes: 0 fine, 1 findings or failed tests, 2 the command cannot run, 130 interrupted.
"""

import sys
import traceback
from dataclasses import dataclass
from importlib import import_module

from samspec.sam.errors import ProjectError
from samspec.version import installed_version

CANNOT_RUN, INTERRUPTED = 2, 130


@dataclass(frozen=True)
class Command:
    """`module` has a function `main`, which takes the arguments and returns the exit code."""

    module: str
    purpose: str


COMMANDS = {
    "start": Command("samspec.server.command", "run the API locally: no Docker, no AWS account"),
    "drift": Command("samspec.drift.command", "check everything against the spec"),
    "new-operation": Command("samspec.scaffold.new_operation", "add what a new operation needs"),
    "new-resource": Command("samspec.scaffold.new_resource", "add a resource with its storage"),
    "add-auth": Command("samspec.scaffold.add_auth", "ask every operation for its caller"),
    "new-project": Command("samspec.scaffold.new_project", "make an API of your own of this one"),
    "remove": Command("samspec.scaffold.remove_feature", "remove a feature you do not need"),
    "remove-resource": Command("samspec.scaffold.remove_resource", "remove a resource everywhere"),
    "rename-resource": Command(
        "samspec.scaffold.rename_resource", "rename the resource everywhere"
    ),
    "token": Command("samspec.server.token_command", "print a token that the local API accepts"),
    "new-environment": Command(
        "samspec.scaffold.new_environment", "add an environment such as staging"
    ),
    "invoke": Command("samspec.server.invoke", "run one function with an event"),
    "fuzz": Command("samspec.fuzz.command", "property tests of the spec by schemathesis"),
    "sam-local": Command("samspec.sam_local.command", "sam local start-api over DynamoDB Local"),
    "package": Command("samspec.packaging.command", "check that every artifact imports"),
    "deploy": Command("samspec.deploy.command", "check, build, deploy and try an environment"),
    "smoke": Command("samspec.deploy.smoke", "try a deployed environment"),
    "restore-drill": Command(
        "samspec.deploy.restore_drill", "restore the tables, check them, delete them again"
    ),
    "stack": Command("samspec.deploy.stack", "print an environment's stack and region"),
    "template": Command("samspec.deploy.translation", "print an environment's resolved template"),
    "rehearse": Command("samspec.rehearse.command", "deploy to a local AWS, test, delete"),
    "cost": Command("samspec.cost.command", "estimate the monthly bill"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; returns the exit code. Any exception but ProjectError is a bug."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return 0 if words else CANNOT_RUN
    if words[0] == "--version":
        print(f"samspec {installed_version()}")
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        print(f"samspec: no command {words[0]!r}\n{usage()}", file=sys.stderr)
        return CANNOT_RUN
    return run(words[0], command, words[1:])


def run(name: str, command: Command, arguments: list[str]) -> int:
    """Run one command and turn its exceptions into messages and exit codes."""
    try:
        return int(import_module(command.module).main(arguments))
    except ProjectError as error:
        print(f"samspec {name}: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "samspec":
            raise
        print(f"samspec {name}: {missing(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        traceback.print_exc()
        print(
            f"samspec {name}: this is a bug in samspec {installed_version()}: please report it "
            "with the traceback above",
            file=sys.stderr,
        )
    return CANNOT_RUN


def missing(error: ModuleNotFoundError) -> str:
    """What to install when a command needs a package that is not there."""
    return (
        f"it needs the package {error.name!r}, which is not installed: "
        "pip install 'samspec[all]', or in this project scripts/install --all"
    )


def usage() -> str:
    """The text of `samspec --help`."""
    lines = [f"  {name:<17}{command.purpose}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: samspec COMMAND [options]      (samspec COMMAND --help)",
            "",
            *lines,
            "",
            "Example: samspec start --seed 20",
        ]
    )
