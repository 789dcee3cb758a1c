"""The parts of the topics and categorise panels: their snapshots, the tree, the cards."""
