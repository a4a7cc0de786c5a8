"""Remove what runs have made in a study: results/ but its README, and .snakemake/."""

import shutil
import sys
from contextlib import chdir, suppress
from pathlib import Path

from command_line import CommandLine
from engine.folder import HELD, REPO, hold, locked
from engine.study import one_line
from evenfield.shared.second_studies import require_folder
from evenfield.study.config_files import read_mapping
from evenfield.study.errors import EvenfieldError
from evenfield.study.files import FILLED, NOTES, entries_below

README = "README.md"


def remove(path: Path) -> None:
    """Remove a file or a folder; of a link the link, not what it points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def second_folders(study: Path) -> list[Path]:
    """Return the folders of the studies beside a study that its config names in order."""
    folders = []
    with chdir(study), suppress(EvenfieldError):
        beside = read_mapping(Path("config.yaml")).get("beside")
        for name, folder in (beside if isinstance(beside, dict) else {}).items():
            require_folder(name, str(folder))
            folders.append(study / str(folder))
    return folders


def refuse_study_inside(study: Path) -> None:
    """Stop where a study stands in what would be removed: no run makes one there."""
    for top, unseen in FILLED.items():
        if (study / top).is_symlink() or not (study / top).is_dir():
            continue  # of a link only the link is removed
        for entry in entries_below(study / top, unseen):
            if entry.name == "config.yaml":
                place = Path(entry.path).parent.relative_to(study)
                sys.exit(
                    f"clean: a study stands in {place}; expected what runs make;"
                    " move it out"
                )


def unlink_notes(study: Path) -> None:
    """Remove links among the notes, through which the hold on a study would write."""
    for path in (study / NOTES, *(study / name for name in HELD)):
        if path.is_symlink():
            path.unlink()


def clean(study: Path) -> None:
    """Remove both folders unless a run is working there, and those of studies beside."""
    if not (study / "config.yaml").is_file():
        sys.exit(
            f"clean: no config.yaml in {study}; expected a study; give its folder with"
            " --directory"
        )
    beside = second_folders(study)
    for folder in (study, *beside):
        refuse_study_inside(folder)
    unlink_notes(study)
    # A lock that a killed run left is freed first; what remains has an owner.
    with hold(study):
        if locked(study):
            sys.exit(
                f"clean: a run is working in {study}; expected none; wait for it or"
                " stop it"
            )
        remove(study / NOTES)
        results = study / "results"
        if (results / README).is_file() and not results.is_symlink():
            for path in results.iterdir():
                if path.name != README:  # git keeps the folder by it
                    remove(path)
        else:
            remove(results)
    print(f"removed results/ and .snakemake/ of {study}")
    for folder in beside:
        clean(folder)


if __name__ == "__main__":
    parser = CommandLine("clean", __doc__, "clean --directory ../mexico")
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPO,
        metavar="DIR",
        help="the study's folder (default: this repository)",
    )
    folder = parser.parse_args().directory.absolute()
    with one_line(prefix=""):
        clean(folder)
