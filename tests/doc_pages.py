"""The pages of docs/library as their script runs them. Import: ``from doc_pages import
pictures``.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PATH = Path(__file__).parents[1] / "docs" / "_pictures.py"
spec = spec_from_file_location("pictures_of_pages", PATH)
pictures = module_from_spec(spec)
spec.loader.exec_module(pictures)
