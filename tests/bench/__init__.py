"""`scripts/bench`: what the functions and the local loop cost, beside what others would."""
