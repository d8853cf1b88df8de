"""`samspec token`: print a token that the local gateway accepts."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from samspec.gateway.authorization import ApiSettings, Authorization
from samspec.gateway.authorization.trusted import LOCAL, Trusted, trusted
from samspec.sam.definitions import Api
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.samconfig import overrides
from samspec.sam.template import Settings

EPILOG = (
    'Example: curl http://127.0.0.1:3000/users -H "Authorization: Bearer '
    '$(samspec token --sub ada --scope users/read)"'
)
MINUTE = 60


def main(arguments: list[str] | None = None) -> int:
    """Print the token; returns the exit code."""
    options = _parser().parse_args(arguments)
    from samspec.aws import issuer  # after the options, because its libraries load slowly

    settings = Settings(overrides(options.parameter_overrides, "--parameter-overrides"))
    apis = Project(options.template, settings).apis
    if options.api_key is not None:
        print(_api_key(apis, options.api_key))
        return 0
    accepted = trusted(apis)
    chosen = _chosen(accepted, options.issuer)
    unknown = sorted(set(options.scope) - set(chosen.scopes))
    if unknown and chosen.scopes:
        _note(f"no operation asks for {', '.join(unknown)}; this API's scopes: {_listed(chosen)}")
    if chosen.use == "access" and chosen.scopes and not options.scope:
        _note(f"a token without scopes; this API's are {_listed(chosen)}: give --scope")
    request = issuer.TokenRequest(
        issuer=chosen.issuer,
        subject=options.sub,
        client=options.client or chosen.client,
        scopes=tuple(options.scope),
        groups=tuple(options.group),
        audience=options.audience or chosen.audience,
        use=options.use or chosen.use,
        lifetime=-MINUTE if options.expired else options.minutes * MINUTE,
        claims=_claims(options.claim),
    )
    print(issuer.issue(request))
    return 0


def _api_key(apis: list[Api], name: str) -> str:
    """The value of the key of that name, or of the first one that some API takes."""
    values: dict[str, str] = {}
    for api in apis:
        values |= Authorization(api.document, ApiSettings.of(api)).key_values
    if not values:
        raise ProjectError("no API key is in a usage plan: see samspec add-auth api-key")
    if name and name not in values:
        raise ProjectError(f"no API key {name!r}; there are: {', '.join(values)}")
    return values[name] if name else next(iter(values.values()))


def _chosen(accepted: list[Trusted], issuer: str | None) -> Trusted:
    """What the token is to be like: as the first authorizer wants it, or by another issuer."""
    if issuer is None and not accepted:
        _note(f"no operation takes a token by itself; the issuer is the local one, {LOCAL}")
    first = accepted[0] if accepted else Trusted(LOCAL, "access", "local", "", ())
    if issuer is None:
        if len({trusted.issuer for trusted in accepted}) > 1:
            _note(f"the issuer is {first.issuer}; another by --issuer")
        return first
    for candidate in accepted:
        if candidate.issuer == issuer:
            return candidate
    return Trusted(issuer, first.use, first.client, first.audience, first.scopes)


def _claims(pairs: list[str]) -> dict[str, Any]:
    claims = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        claims[name] = _value(value)
    return claims


def _value(text: str) -> Any:
    """A claim's value: JSON where it is JSON, or else text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _listed(chosen: Trusted) -> str:
    return ", ".join(chosen.scopes)


def _note(text: str) -> None:
    """On standard error, because standard output has only the token."""
    print(f"token: {text}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec token", description=__doc__, epilog=EPILOG, allow_abbrev=False
    )
    parser.add_argument("--sub", default="local-user", metavar="SUBJECT", help="who calls")
    parser.add_argument(
        "--scope", nargs="+", default=[], action="extend", help="for example users/read"
    )
    parser.add_argument(
        "--group", nargs="+", default=[], action="extend", help="groups of the user pool"
    )
    parser.add_argument("--claim", nargs="+", default=[], action="extend", metavar="NAME=VALUE")
    parser.add_argument("--use", choices=["access", "id"], help="default: what the API takes")
    parser.add_argument("--issuer", metavar="URL", help="default: that of the first authorizer")
    parser.add_argument("--client", metavar="ID", help="default: the template's app client")
    parser.add_argument("--audience", help="default: what the authorizer asks for")
    parser.add_argument(
        "--api-key", nargs="?", const="", metavar="NAME", help="print an API key instead"
    )
    lifetime = parser.add_mutually_exclusive_group()
    lifetime.add_argument("--minutes", type=_minutes, default=60, help="default: %(default)s")
    lifetime.add_argument("--expired", action="store_true", help="a token of the past")
    parser.add_argument("--template", type=Path, default=Path(), metavar="PATH")
    parser.add_argument("--parameter-overrides", nargs="+", default=[], metavar="KEY=VALUE")
    return parser


def _minutes(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes such as 60")
    return int(text)
