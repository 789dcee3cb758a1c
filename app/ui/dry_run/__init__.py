"""The parts of the dry-run panel."""
