"""The parts of the coverage panel: its snapshot, its rows and figures, the offers."""
