"""What the spec decides, held against everything else that says it: one module a check."""
