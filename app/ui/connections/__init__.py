"""The dialog of connected models: what is connected, for which role, and whether it works."""
