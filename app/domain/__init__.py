"""Pure values and arithmetic: no files, no database, no Qt, no clock."""
