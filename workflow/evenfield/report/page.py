"""The results page: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.context import Inputs, build_context, template_text
from evenfield.report.exhibits import TEMPLATES
from evenfield.study.files import write_text


def render_page(inputs: Inputs) -> str:
    """Render the results page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    style, script = template_text("page.css"), template_text("page.js") + template_text("spread.js")
    return environment.get_template("page.html.j2").render(
        **build_context(inputs),
        style=style, style_hash=policy_hash(style), script=script, script_hash=policy_hash(script),
    )  # fmt: skip


def write_page(inputs: Inputs, page: str | Path) -> None:
    """Write the results page."""
    write_text(render_page(inputs), page)


def policy_hash(text: str) -> str:
    """Return the hash by which a content policy admits an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
