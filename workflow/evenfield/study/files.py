"""Files of a study: the one place that writes them, whole or not at all, and through no
link.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from evenfield.study.errors import PlaceError

Record = Mapping[str, Any]  # as files of JSON and YAML hold it: a config, a row
HASH_LETTERS = 12  # of a hash, enough to tell two states of the data apart
STAGED = ".evenfield-staged"  # folder of files that are about to take their places
STAGED_PART = f"{STAGED}.part"  # the same before all of them are there
# What is read in the folder of texts: texts, their conditions and their references;
# the last ending is a slip, which is refused.
TEXT_ENDINGS = (".md", ".must.yaml", ".bib", ".must.yml")
# What runs and tools make and remove.
MADE_FOLDERS = ("results", "site", "__pycache__")
NOTES = Path(".snakemake")  # of Snakemake
# Folders that runs fill, with those directly in them in which links are Snakemake's own.
FILLED: Mapping[str, Collection[str]] = {
    "results": (),
    ".snakemake": ("conda", "conda-archive", "shadow", "singularity", "storage"),
}


def text_files() -> list[Path]:
    """Return the texts of the study in the current folder with their conditions and
    references, sorted.
    """
    return sorted(x for x in Path("text").glob("*") if x.name.endswith(TEXT_ENDINGS))


def own_place(path: str | Path, study: Path | None = None) -> Path:
    """Return a place to write to that lies in a study, by default the current folder;
    refuse one that lies elsewhere or that a link on the way leads to.
    """
    folder = study or Path.cwd()
    place = folder / path
    inside = place.relative_to(folder).parts if place.is_relative_to(folder) else ".."
    if ".." in inside:
        raise PlaceError(
            f"{path} lies outside of the study",
            "a place in its folder, for a command writes nowhere else",
            "copy it into the study, and correct config.yaml",
        )
    # The results of the study that is run may stand elsewhere, as on a larger disk.
    for link in links_to(place, folder):
        if link != folder / "results":
            raise PlaceError(
                f"{link.relative_to(folder)} is a link, through which"
                f" {place.relative_to(folder)} would be written elsewhere",
                "files and folders of the study itself",
                "put what it leads to in its place, or work where that stands",
            )
    return place


def links_to(place: Path, folder: Path) -> list[Path]:
    """Return the links on the way from a folder to a place below it, and the place
    itself if it is one.
    """
    ways = [place, *place.parents][: len(place.relative_to(folder).parts)]
    return [way for way in reversed(ways) if way.is_symlink()]


def part_of(path: Path) -> Path:
    """Return where a file is written before it takes its name: in the same folder, since
    only within one file system a rename is one step.
    """
    return path.with_name(f".part-{path.name}")


@contextmanager
def beside(path: str | Path, study: Path | None = None) -> Iterator[Path]:
    """Give a path to write to; what is there afterwards takes the name of ``path`` at
    once and whole. A path that is named from the root and lies in another folder than
    the study is the choice of the program or of its user.
    """
    target = (study or Path()) / path
    part = part_of(target)
    folder = study or Path.cwd()
    if not target.is_absolute() or target.is_relative_to(folder):
        own_place(target, folder)
        own_place(part, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    new_file(part).close()
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def new_file(path: Path) -> TextIO:
    """Open a new file for text, in place of one that is there; follow no link."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o666), "w", encoding="utf-8")


def kept_file(path: Path) -> TextIO:
    """Open a file without changing it, or a new one; follow no link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o666), "w", encoding="utf-8")


def new_folder(path: str | Path, study: Path | None = None) -> Path:
    """Make an empty folder of a study, in place of one that is there."""
    folder = own_place(path, study)
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def copy_file(source: str | Path, path: str | Path, study: Path | None = None) -> None:
    """Copy the content of a file, whole or not at all."""
    with beside(path, study) as part:
        shutil.copyfile(source, part)


def take_places(folder: Path, last: str) -> None:
    """Move the files that are staged in a folder of the study to their places, ``last``
    after all others; whoever is stopped on the way can be called again.
    """
    staged = folder / STAGED
    names = staged_names(folder)
    for name in sorted(names, key=lambda name: (name == last, name)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        (staged / name).replace(place)
    shutil.rmtree(staged)


def staged_names(folder: Path) -> list[str]:
    """Return the names of the files that are staged in a folder of the study; refuse
    links, there and where they belong.
    """
    staged = own_place(folder / STAGED)
    names = list[str]()
    for entry in entries_below(staged):
        own_place(entry.path)
        if not entry.is_dir():
            names.append(Path(entry.path).relative_to(staged).as_posix())
    for name in names:
        own_place(folder / name)
    return names


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def not_a_file(path: Path, name: str) -> str:
    """Say that nothing is at a path, or that it is no file: a folder, a pipe."""
    return f"{name} is no file that can be read" if path.exists() else f"no file {name}"


def entries_below(
    folder: Path, unseen: Collection[str] = ()
) -> Iterator[os.DirEntry[str]]:
    """Yield what lies below a folder, behind no link; of its own folders those of the
    names ``unseen`` are not entered. One that cannot be read is an error of the system.
    """
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        inner = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
        yield from found
        folders += [entry.path for entry in inner if entry.name not in unseen]
        unseen = ()


def planted(study: Path) -> list[Path]:
    """Return what no run of a study has written, in order: links through which it would
    write elsewhere, pipes; its results and notes may be such links themselves.
    """
    found = [study / top for top in (*FILLED, STAGED) if (study / top).is_symlink()]
    for top, unseen in FILLED.items():
        if (study / top).is_dir():
            found += [
                Path(entry.path)
                for entry in entries_below(study / top, unseen)
                if entry.is_symlink() or not (entry.is_file() or entry.is_dir())
            ]
    return sorted(found)


def described_files(package: str | Path) -> list[Path]:
    """Return a dictionary and the files that it describes, as far as they are there; one
    that cannot be read describes none.
    """
    path = Path(package)
    if not path.is_file():
        return []
    try:
        described = [
            path.parent / item["path"] for item in read_json(path)["resources"]
        ]
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        described = []
    return [path, *(file for file in described if file.is_file())]


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Write JSON with sorted keys and a final line feed."""
    write_text(
        json.dumps(
            content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
        )
        + "\n",
        path,
    )


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text with LF line ends."""
    write_bytes(text.encode(), path)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file, whole or not at all."""
    with beside(path) as part:
        part.write_bytes(content)
