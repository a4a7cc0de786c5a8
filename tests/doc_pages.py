"""The scripts that run the pages of docs/library and make notebooks of them. Import:
``from doc_pages import pictures``.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def script(name):
    spec = spec_from_file_location(f"docs_{name}", DOCS / f"_{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pictures = script("pictures")
notebooks = script("notebooks")
