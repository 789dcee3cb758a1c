"""The parts of the deployment panel."""
