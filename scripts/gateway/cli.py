"""The command line of `scripts/start`."""

import argparse
import sys
from pathlib import Path

from gateway.errors import ProjectError


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        from gateway.server import serve

        return serve(options)
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/start", description="Run the API locally: no Docker, no AWS account.", allow_abbrev=False
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=3000, help="port to listen on (default: %(default)s; 0: any)")
    parser.add_argument("--template", type=Path, default=Path("template.yaml"), help="default: %(default)s")
    parser.add_argument("--dynamodb", type=_endpoint, default="moto", metavar="moto|URL", help="default: %(default)s")
    parser.add_argument("--parameter-overrides", nargs="+", type=_override, default=[], metavar="KEY=VALUE")
    parser.add_argument("--seed", type=_count, default=0, metavar="N", help="create N plausible resources first")
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("--quiet", action="store_true", help="print errors only")
    volume.add_argument("--verbose", action="store_true", help="print DynamoDB calls and access log lines too")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of resources")
    return int(text)


def _endpoint(text: str) -> str:
    if text != "moto" and not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is neither moto nor a URL such as http://127.0.0.1:8000")
    return text


def _override(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return key, value
