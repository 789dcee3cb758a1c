"""What the guide says and offers, one module per subject; each registers its actions."""
