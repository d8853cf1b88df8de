"""The environment variables of a worker: the function's own, Lambda's, and none of the shell's."""

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from samspec.sam.functions import LambdaFunction

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of AWS's access key ids
NOWHERE = os.devnull


@dataclass(frozen=True)
class Credentials:
    """Access keys that no account has; each worker's differ, which tells whose a call is."""

    key_id: str
    secret: str
    token: str = "samspec"  # noqa: S105 (nothing checks it)

    @classmethod
    def new(cls) -> "Credentials":
        """Temporary credentials as Lambda gives them to a function."""
        key_id = "ASIA" + "".join(secrets.choice(ALPHABET) for _ in range(16))
        return cls(key_id, secrets.token_urlsafe(30))


def of_function(function: LambdaFunction) -> dict[str, str]:
    """The variables that a function sees wherever it runs: Lambda's settings and its own.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    logs = function.logging
    log_format = logs.get("LogFormat", "Text")
    level = {"AWS_LAMBDA_LOG_LEVEL": logs.get("ApplicationLogLevel", "INFO")}
    return {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.physical_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": logs.get("LogGroup", f"/aws/lambda/{function.physical_name}"),
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[$LATEST]local",
        "AWS_REGION": function.region,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str(function.code),
        **(level if log_format.upper() == "JSON" else {}),
        **function.environment,
    }


def of_worker(
    function: LambdaFunction,
    credentials: Credentials,
    runtime_api: str,
    aws_endpoint: str,
    home: str,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """All variables of a worker process; `extra` go before the function's own.

    `home` is an empty folder: libraries look for a user's settings and secrets there.
    """
    libraries = [str(layer / "lib") for layer in reversed(function.layers)]
    programs = [str(layer / "bin") for layer in reversed(function.layers)]
    return {
        "AWS_ACCESS_KEY_ID": credentials.key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret,
        "AWS_SESSION_TOKEN": credentials.token,
        "AWS_CONFIG_FILE": NOWHERE,
        "AWS_SHARED_CREDENTIALS_FILE": NOWHERE,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "HOME": home,
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "PATH": os.pathsep.join([*programs, "/usr/local/bin", "/usr/bin", "/bin"]),
        "TZ": ":UTC",
        **of_function(function),
        **extra,
    }
