"""`scripts/cost`: the monthly bill at any traffic."""
