"""Formats of records to export; one file per member."""
