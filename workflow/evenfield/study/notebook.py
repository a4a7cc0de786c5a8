"""HTML that a notebook shows of an object."""

from html import escape


def folded(heading: str, text: str) -> str:
    """Return HTML that shows a heading and, opened, the text as it is."""
    return (
        f"<details><summary>{escape(heading)}</summary>"
        f"<pre>{escape(text)}</pre></details>"
    )
