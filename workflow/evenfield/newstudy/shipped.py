"""Outlines that come with the library, by name."""

from pathlib import Path
from typing import Any

import yaml

from evenfield.study.errors import IngestError

HERE = Path(__file__).parent
SHIPPED: dict[str, dict[str, Any]] = yaml.safe_load(
    (HERE / "shipped.yaml").read_text(encoding="utf-8")
)


def outlines_file(path: Path) -> tuple[Path, dict[str, str]]:
    """Return the file of outlines that a path or a name means, and title and licence of
    one that is shipped; a file of that name goes first.
    """
    known = SHIPPED.get(str(path))
    if known is None or path.is_file():
        return path, {}
    if "instead" in known:
        raise IngestError(
            f"--polygons {path}: {known['instead']}",
            f"a file, or one of {', '.join(_names())}",
            "give the file",
        )
    named = {"title": known["title"], "licence": known["licence"]}
    return HERE / "outlines" / f"{path}.topo.json", named


def _names() -> list[str]:
    return [name for name, known in SHIPPED.items() if "instead" not in known]
