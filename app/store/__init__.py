"""The one place that reads and writes dataset files; gives out values, never rows."""
