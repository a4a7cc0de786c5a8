"""Notebooks of docs/library, made of their pages: `.venv/bin/python docs/_notebooks.py`
writes them anew. A block of Python is a cell of code; what it prints and draws is left to
the reader's own run.
"""

import json
import re
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent / "library"
PAGES = ("own-table", "convergence-paper", "tutorial", "event-study", "from-a-number")
CODE = re.compile(r"```py(?:thon)?\n(.*?)```\n", re.DOTALL)
# What a run makes again: printed text and pictures.
MADE = re.compile(r"```text\n.*?```\n|!\[[^\]]*\]\([^)]*\)\n", re.DOTALL)
START = 'import os\n\nos.chdir("../..")  # paths are those of the repository'
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(page: str) -> str:
    """Return a page as a notebook, without outputs."""
    cells = [_cell("code", START)]
    # Text and code alternate.
    for place, part in enumerate(CODE.split(page)):
        text = part if place % 2 else re.sub(r"\n{3,}", "\n\n", MADE.sub("", part))
        if text.strip():
            cells.append(_cell("code" if place % 2 else "markdown", text.strip()))
    # The heading stands first.
    cells[:2] = cells[1::-1]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
    whole = {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _cell(kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text.splitlines(keepends=True)}


if __name__ == "__main__":
    for name in PAGES:
        made = notebook((LIBRARY / f"{name}.md").read_text("utf-8"))
        (LIBRARY / f"{name}.ipynb").write_text(made, "utf-8")
