"""Raw files: the list of them that a study keeps, and a folder in which each is held
against its hash before it is read.
"""

import csv
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from evenfield.study.errors import EvenfieldError, Faults
from evenfield.study.files import hash_file, not_a_file

LIST = Path("raw_files.csv")  # beside the tables of a study


class RawFileError(EvenfieldError, at="raw files"):
    """A raw file that is not there or is not the one that the tables were made of."""

    @property
    def file(self) -> str:
        """The list of raw files, under which all faults of them stand together."""
        return str(LIST)


@dataclass(frozen=True)
class RawFile:
    """A file of a public repository, as a row of ``raw_files.csv`` has it."""

    file: str  # below the folder of raw files
    source: str
    repository: str
    commit: str
    path: str
    bytes: int
    sha256: str
    retrieved: str

    @property
    def where(self) -> str:
        """Where the file is to be had."""
        return (
            f"get {self.path} at commit {self.commit} of {self.repository}"
            f" and put it there as {self.file}"
        )


def listed(data: Path) -> dict[str, RawFile]:
    """Return the raw files of a study by their names, as its list has them."""
    path = data / LIST
    if not path.is_file():
        raise RawFileError(
            not_a_file(path, str(path)),
            "the list of the raw files that the tables of the study were made of",
            "only the studies of this repository have one: name one of them with"
            " --directory",
        )
    names = [field.name for field in fields(RawFile)]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if rows[:1] != [names]:
        raise RawFileError(
            f"{path} has the columns {', '.join(rows[0]) if rows else 'none'}",
            f"the columns {', '.join(names)}",
            "take the list that came with the study",
        )
    return {
        row[0]: read_row(path, number, row) for number, row in enumerate(rows[1:], 2)
    }


def read_row(path: Path, number: int, row: list[str]) -> RawFile:
    """Return a row of the list; refuse one that is cut short or leads out of the folder."""
    place = PurePosixPath(row[0] if row else "")
    whole = len(row) == len(fields(RawFile)) and row[5].isdecimal()
    if not whole or place.is_absolute() or ".." in place.parts:
        raise RawFileError(
            f"{path}, line {number}: {','.join(row)}",
            "a name below the folder of raw files, and a whole number of bytes",
            "take the list that came with the study",
        )
    file, source, repository, commit, inside, size, sha256, retrieved = row
    return RawFile(
        file=file,
        source=source,
        repository=repository,
        commit=commit,
        path=inside,
        bytes=int(size),
        sha256=sha256,
        retrieved=retrieved,
    )


def check(folder: Path, file: RawFile) -> Path:
    """Return where a raw file is, once its content is the one that was listed."""
    path = folder / file.file
    if not path.is_file():
        raise RawFileError(
            not_a_file(path, f"{file.file} in {folder}"),
            f"{file.bytes:,} bytes with SHA-256 {file.sha256}",
            file.where,
        )
    found = hash_file(path)
    if found != file.sha256:
        raise RawFileError(
            f"{file.file} has {path.stat().st_size:,} bytes with SHA-256 {found}",
            f"{file.bytes:,} bytes with SHA-256 {file.sha256}",
            file.where,
        )
    return path


@dataclass(frozen=True)
class RawFolder:
    """A folder of raw files, and which of them belong to the study."""

    folder: Path
    files: dict[str, RawFile]

    def refuse_others(self) -> None:
        """Refuse every listed file that is not there or is another one."""
        faults = Faults()
        for file in self.files.values():
            with faults.caught():
                check(self.folder, file)
        faults.refuse()

    def path(self, name: str) -> Path:
        """Return where a listed file is."""
        return self.folder / self.files[name].file
