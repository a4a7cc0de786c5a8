"""Studies beside a study, whose numbers, rows, tables and figures its texts and claims may use.

A study beside another is a whole study in a folder below it. A run makes its results
first, in its own folder; what is taken from it bears its name: the number
`cities.own_effect`, the estimate `cities.18703e882dde`, the figure `F34-cities`.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenfield.study.config import shaped_config
from evenfield.study.config_files import PARTS, study_config
from evenfield.study.errors import (
    EvenfieldError,
    Faults,
    SecondStudyError,
    first_examples,
)
from evenfield.study.files import MADE_FOLDERS, Record, planted

if TYPE_CHECKING:
    import pandas as pd

OWN_STUDY = ""  # in the column `study` of estimates
LINK = "link"
NO_LINKS = ("files", "remove what no run has written")
COMMAND = re.compile(r"`(python3 run[^`]*)`")


def told(found: Sequence[Path], study: Path) -> str:
    """Say which of the files that a run of a study replaces are links, else which are
    pipes, sockets or devices.
    """
    kinds = {path: _kind_of(path) for path in found}
    links = [path for path in found if kinds[path] == LINK]
    told = links or found
    several = sorted({f"{kinds[path]}s" for path in told})
    verb = f"is a {kinds[told[0]]}" if len(told) == 1 else f"are {' or '.join(several)}"
    names = first_examples([str(path.relative_to(study)) for path in told])
    return f"{len(told)} of the files that a run replaces {verb}: {names}"


def _kind_of(path: Path) -> str:
    """Return what a file that no run has written is, in a word."""
    mode = path.lstat().st_mode
    return {
        stat.S_IFLNK: LINK,
        stat.S_IFIFO: "pipe",
        stat.S_IFSOCK: "socket",
    }.get(stat.S_IFMT(mode), "device")


def require_folder(study: str, folder: str) -> None:
    """Refuse a study beside that lies elsewhere or is none."""
    path = Path(folder)
    # A study writes its own results only; a link could lead anywhere.
    here = Path.cwd().resolve()
    if path.is_absolute() or ".." in path.parts or path.resolve() != here / path:
        raise SecondStudyError(
            f"{study}: {folder} is no folder below this study",
            "a folder below it",
            "move the study there, or correct beside in config.yaml",
        )
    # What runs and tools make, they remove.
    made = [
        part
        for part in path.parts
        if part.casefold() in MADE_FOLDERS or part.startswith(".")
    ]
    if made:
        raise SecondStudyError(
            f"{study}: {folder} lies in {made[0]}, which is removed and made again",
            "a folder of its own",
            "move the study, and correct beside in config.yaml",
        )
    if not (path / "config.yaml").is_file() or path.resolve() == here:
        raise SecondStudyError(
            f"{study}: no study in {folder}",
            "a folder with config.yaml and data/",
            "correct beside in config.yaml",
        )
    # ASSUME: nobody looks at its results before a run, as one may at the study's own,
    # so that they are no link to a larger disk either.
    if found := planted(path):
        raise SecondStudyError(f"{study}: {folder}: {told(found, path)}", *NO_LINKS)


def refuse_shared_folders(folders: Mapping[str, str]) -> None:
    """Refuse studies beside of which two have one folder, or one lies in another."""
    for (one, outer), (other, inner) in permutations(folders.items(), 2):
        if Path(inner).is_relative_to(outer):
            raise SecondStudyError(
                f"{one} and {other} are in {outer} and {inner}",
                "a folder for each study, none inside another",
                "move one of them, or remove it from beside in config.yaml",
            )


@contextlib.contextmanager
def in_study(folder: str) -> Iterator[None]:
    """Work in the folder of a study beside; what is refused there names the folder."""
    try:
        with contextlib.chdir(folder):
            yield
    except EvenfieldError as error:
        faults = Faults()
        for fault in error.faults:
            found = f"{folder}: {fault.at}: {fault.found}"
            # A command without a folder would work on this study.
            action = COMMAND.sub(
                lambda command: f"`{command[1]} --directory {folder}`", fault.action
            )
            faults.append(SecondStudyError(found, fault.expected, action))
        faults.refuse()


def second_configs(config: Record) -> dict[str, dict[str, Any]]:
    """Return the config of each study beside, by its name."""
    configs = {}
    for name, folder in config.get("beside", {}).items():
        require_folder(name, folder)
        files = [Path(folder, file) for file in ("config.yaml", *PARTS.values())]
        states = tuple(
            (file.absolute(), file.stat().st_mtime_ns, file.stat().st_size)
            for file in files
            if file.is_file()
        )
        configs[name] = deepcopy(_config_in(folder, states))
    return configs


@lru_cache(maxsize=2)
def _config_in(folder: str, states: object) -> dict[str, Any]:  # noqa: ARG001
    """Return the config in a folder, read once as long as its files are the same."""
    with in_study(folder):
        return shaped_config(study_config())


def second_results(config: Record) -> dict[str, Path]:
    """Return the results folder of each study beside, by its name."""
    folders = config.get("beside", {}).items()
    return {name: Path(folder) / "results" for name, folder in folders}


def second_files(folder: str) -> list[str]:
    """Return every file of a study beside but hidden ones and what runs make."""
    made = f"{folder}/results"
    files = list[Path]()
    for place, folders, names in os.walk(folder):
        shown = [name for name in names if not name.startswith(".")]
        files += filter(Path.is_file, (Path(place, name) for name in shown))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and f"{place}/{name}" != made
        ]
    return [path.as_posix() for path in sorted(files)]


def second_exhibit(name: str) -> tuple[str, str]:
    """Return an exhibit's id and the study beside that makes it: `F34-cities` is F34 of
    `cities`; a table or figure of the study's own has none.
    """
    exhibit, _, study = name.partition("-")
    return exhibit, study


def with_second_estimates(estimates: "pd.DataFrame", config: Record) -> "pd.DataFrame":
    """Return estimates with those of the studies beside; a column names the study, and
    ids of estimates begin with it.
    """
    # A plan of a study, which each run makes, reads no estimates.
    import pandas as pd

    from evenfield.shared.estimates import read_estimates

    frames = [estimates.assign(study=OWN_STUDY)]
    for name, results in second_results(config).items():
        rows = read_estimates(results / "estimates.csv")
        ids = f"{name}." + rows["estimate_id"]
        frames.append(rows.assign(study=name, estimate_id=ids))
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
