"""Where every script begins its work: it finds the library beside this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.job import enter

__all__ = ["enter"]
