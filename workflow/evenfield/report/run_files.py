"""The files of a finished run as they are read later: each held against the hash that the
manifest keeps of it, and what cannot be read refused in one line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import pandas as pd

from evenfield.report.manifest import hashes_of_run, read_manifest, unlike_the_run
from evenfield.study.errors import EvenfieldError, ReportError, first_examples

AGAIN = "run it again: {}"
# What a file raises that no run wrote so: bytes, JSON or a table of another kind.
UNREADABLE = (
    OSError,
    ValueError,  # of JSON, of tables, of letters
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class RunFiles:
    """The results of a study, which stand in a folder in that of the study."""

    def __init__(self, root: Path, error: type[ReportError] = ReportError) -> None:
        self._root = root
        self._study = root.parent
        self._error = error
        self._known = set[str]()  # files that are those of the run

    @contextmanager
    def read(self, *places: str) -> Iterator[None]:
        """Read files, which are named by paths below the results or by patterns of them;
        whatever is wrong with them, or with what reads them, is one kind of error.
        """
        try:
            self._compare(places)
            yield
        except self._error:
            raise
        except ModuleNotFoundError as error:
            raise self._error(
                f"{error.name} is not installed",
                "what reads a config",
                "install it with the library: pip install '.[workflow]' in a clone",
            ) from error
        except EvenfieldError as error:
            at = "" if isinstance(error, ReportError) else f"{error.at}: "
            raise self._error(
                f"{at}{error.found}", error.expected, error.action
            ) from error
        except UNREADABLE as error:
            self.check_is_there()
            raise self._refused(_described(error, self._root)) from error

    def check_is_there(self) -> None:
        """Refuse a folder that was moved after it was opened."""
        if not self._study.is_dir():
            raise self._error(
                f"{self._study} is not there any more",
                "the folder that was opened",
                "open it where it is now",
            )

    @cached_property
    def _hashes(self) -> dict[str, str]:
        return hashes_of_run(read_manifest(self._root))

    def _compare(self, places: tuple[str, ...]) -> None:
        """Refuse files that are not there, or others than the run wrote; of results
        without a manifest nothing is known.
        """
        named = {
            name: digest
            for name, digest in self._hashes.items()
            if name not in self._known
            and any(fnmatchcase(name, place) for place in places)
        }
        absent, changed = unlike_the_run(self._root, named)
        if absent:
            found = f"no file {self._root / absent[0]}"
            more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            raise self._refused(found + more)
        if changed:
            names = first_examples([f"results/{name}" for name in changed])
            verb = "is not the file" if len(changed) == 1 else "are not the files"
            raise self._refused(f"{names} {verb} that the run wrote")
        self._known |= {*named}

    def _refused(self, found: str) -> ReportError:
        again = f"python3 run --directory {self._study.absolute()}"
        return self._error(found, "all results of one run", AGAIN.format(again))


def _described(error: Exception, root: Path) -> str:
    """Return what is wrong with a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return f"no file {error.filename}"
    if isinstance(error, pd.errors.EmptyDataError):
        return f"a table below {root} is empty"
    if isinstance(error, OSError):
        return f"{error.filename} cannot be read ({error.strerror})"
    return f"the results are not as a run writes them ({type(error).__name__}: {error})"
