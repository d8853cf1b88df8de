"""`samspec start`: run the API locally."""

import argparse
from pathlib import Path

from samspec.server.settings import add_options, like, settings

TEMPLATE = Path("template.yaml")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # The server's modules take most of a start: a wrong option is told without them.
    from samspec.sam.project import template_at
    from samspec.server.serve import ServeOptions, serve
    from samspec.server.terminal import TerminalOptions

    return serve(
        ServeOptions(
            host=options.host,
            port=int(options.port),
            template=options.template,
            settings=settings(options, template_at(options.template).parent),
            dynamodb=options.dynamodb,
            seeds=int(options.seed),
            is_throttled=not options.no_throttle,
            terminal=TerminalOptions(options.quiet, options.verbose, options.json),
        )
    )


def _parser() -> argparse.ArgumentParser:
    about = "Run the API locally: no Docker, no AWS account."
    parser = argparse.ArgumentParser(prog="samspec start", description=about, allow_abbrev=False)
    number = like(r"\d{1,5}", "is not a number such as 3000")
    endpoint = like(r"moto|https?://.+", "is neither moto nor a URL such as http://127.0.0.1:8000")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=number,
        default="3000",
        help="port to listen on (default: %(default)s; 0: any)",
    )
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="default: %(default)s")
    parser.add_argument(
        "--dynamodb", type=endpoint, default="moto", metavar="moto|URL", help="default: %(default)s"
    )
    add_options(parser)
    parser.add_argument(
        "--seed", type=number, default="0", metavar="N", help="create N plausible resources first"
    )
    parser.add_argument(
        "--no-throttle",
        action="store_true",
        help="do not throttle, whatever MethodSettings says",
    )
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object per line, for programs"
    )
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("--quiet", action="store_true", help="print errors only")
    volume.add_argument(
        "--verbose", action="store_true", help="print DynamoDB calls and access log lines too"
    )
    return parser
