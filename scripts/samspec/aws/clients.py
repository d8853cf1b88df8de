"""Clients of the emulated services, with the credentials that every one of them accepts."""

from typing import Any

from samspec.sam.account import KEY_ID, SECRET


def client(service: str, region: str, endpoint: str | None = None) -> Any:
    """A botocore client that never reads the user's AWS settings.

    Without an endpoint its calls go to moto, which has to run in this process.
    """
    import botocore.session
    from botocore.config import Config

    return botocore.session.Session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 1},
            account_id_endpoint_mode="disabled",  # moto knows no host that begins with an account
        ),
    )
