"""What a SAM project on disk says: template, API definition, operations, functions."""
