"""HTML that a notebook shows of an object."""

from html import escape


def folded(heading: str, html: str) -> str:
    """Return HTML that shows a heading and, opened, what is beneath it."""
    return f"<details><summary>{escape(heading)}</summary>{html}</details>"
