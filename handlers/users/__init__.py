"""What the functions of the Users API share: one noun a module; specs/architecture.md is the map."""
