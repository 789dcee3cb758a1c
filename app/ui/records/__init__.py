"""The parts of the records panel: its snapshot, lazy model, list, conversation and export."""
