"""The parts of the grader panel."""
