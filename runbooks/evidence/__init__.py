"""Where evidence comes from: one file for each source, listed in `sources.py`."""
