"""The map of the page."""
