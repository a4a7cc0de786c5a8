"""The results page: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evenfield.report.context import build_context
from evenfield.report.exhibits import TEMPLATES
from evenfield.study.files import write_text


def render_page(
    config: Mapping[str, Any], root: str | Path, exhibits: Sequence[str], scripts: Mapping[str, str]
) -> str:
    """Render the results page from a results folder."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    style, script = _text("page.css"), _text("page.js") + _text("spread.js")
    inline = {"style": style, "style_hash": policy_hash(style), "script": script, "script_hash": policy_hash(script)}
    context = build_context(config, root, exhibits, scripts)
    return environment.get_template("page.html.j2").render(**context, **inline)


def write_page(page: str | Path, **given: Any) -> None:
    """Write the results page."""
    write_text(render_page(**given), page)


def policy_hash(text: str) -> str:
    """Return the hash by which a content policy admits an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
