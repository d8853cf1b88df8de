"""The account that the local emulators pretend to be, and where it is."""

from dataclasses import dataclass

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY_ID = SECRET = "testing"  # noqa: S105 (the credentials that every local emulator accepts)


@dataclass(frozen=True)
class Place:
    """Where a stack is: what pseudo parameters and ARNs say of it."""

    region: str = REGION
    account: str = ACCOUNT
    partition: str = "aws"

    @property
    def domain(self) -> str:
        """What AWS::URLSuffix gives."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
