"""The pictures of docs/library, each drawn by the example above it: `.venv/bin/python
docs/_pictures.py` makes them anew, with their descriptions and the page that shows all.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))
LIBRARY = ROOT / "docs" / "library"
# A block, what it prints, and the picture that it leaves open.
BLOCK = re.compile(
    r"```python\n(?P<code>.*?)```"
    r"(?:\n+```text\n(?P<printed>.*?)```)?"
    r"(?:\n+!\[(?P<alt>[^\]]*)\]\((?P<picture>pictures/[\w-]+\.png)\))?",
    re.DOTALL,
)
PIXELS = 110  # of an inch
COLOURS = 48
GALLERY = """# Gallery of the library

Each picture is what `fit.plot()` draws of the example on its page, in the words of which it is
described. `.venv/bin/python docs/_pictures.py` makes all of them again.
"""


class Block(NamedTuple):
    """A block of a page that has run."""

    printed: str
    labels: str  # what the page says that it prints
    picture: str  # path beside the page, or nothing
    alt: str  # what the page says of the picture
    figure: Figure | None
    described: str  # what the axes say of themselves


def run(text: str, name: str, names: dict[str, object]) -> Iterator[Block]:
    """Run the blocks of a page one after the other; they share their names."""
    for block in BLOCK.finditer(text):
        plt.close("all")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block["code"], name, "exec"), names)
        drawn = bool(block["picture"]) and bool(plt.get_fignums())
        figure = plt.gcf() if drawn else None
        said = [getattr(axes, "alt_text", "") for axes in figure.axes] if figure else []
        yield Block(
            printed=printed.getvalue(),
            labels=block["printed"] or "",
            picture=block["picture"] or "",
            alt=block["alt"] or "",
            figure=figure,
            described=" ".join(filter(None, said)),
        )
    plt.close("all")


def saved(figure: Figure, path: object) -> None:
    """Write a picture in few colours, the same bytes wherever its letters are."""
    with io.BytesIO() as bytes_of_png:
        figure.savefig(bytes_of_png, dpi=PIXELS, format="png")
        drawn = Image.open(bytes_of_png).convert("RGB")
    drawn.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def in_page(text: str) -> str:
    """Return a description that the syntax of pages leaves as it is."""
    return text.replace("[", "(").replace("]", ")")


def main() -> None:
    """Write all pictures, their descriptions in the pages, and the gallery."""
    plt.switch_backend("Agg")
    os.chdir(ROOT)
    shown = [GALLERY]
    for page in sorted(LIBRARY.glob("*.md")):
        text = page.read_text("utf-8")
        if "](pictures/" not in text:
            continue
        for block in run(text, page.name, {}):
            if block.figure is None:
                continue
            saved(block.figure, LIBRARY / block.picture)
            old, alt = f"![{block.alt}]({block.picture})", in_page(block.described)
            text = text.replace(old, f"![{alt}]({block.picture})")
            shown.append(
                f"## [{page.stem}](library/{page.name})\n\n"
                f"![{alt}](library/{block.picture})\n"
            )
        page.write_text(text, "utf-8")
    (ROOT / "docs" / "pictures.md").write_text("\n".join(shown), "utf-8")


if __name__ == "__main__":
    main()
