"""The account that the local emulators pretend to be."""

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY_ID = SECRET = "testing"  # noqa: S105 (the credentials that every local emulator accepts)
