"""`scripts/bench`: what the functions and the local loop cost, next to what others would."""
