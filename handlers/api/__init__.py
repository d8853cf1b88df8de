"""What the functions of any resource need, one noun per module."""
