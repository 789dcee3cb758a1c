"""Datasets in the window: their cards and list, and the dialogs that bring records in and out."""
