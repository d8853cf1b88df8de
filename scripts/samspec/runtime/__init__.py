"""Lambda: functions, their environment and their invocations."""
