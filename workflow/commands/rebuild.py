"""Make the compiled tables of a study anew from a folder of raw files, and compare them
with data/ byte by byte.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from compiled.raw_files import RawFolder, listed
from compiled.tables import differences, makers, notes
from evenfield.study.errors import counted
from evenfield.study.files import own_place, read_json, write_bytes
from study import arguments, run_command

SCRATCH = Path("results/rebuilt")


def rebuild(config: dict[str, Any], folder: Path, *, write: bool) -> None:
    """Check every raw file, make the tables in `SCRATCH` and say how they compare."""
    package = Path(config["data"]["package"])
    data = package.parent
    raw = RawFolder(folder, listed(data))
    made_by = makers(package, raw)
    raw.refuse_others()
    print(f"{counted(len(raw.files), 'raw file')} in {folder}, each with its hash")
    remarks = notes(package)
    changed = list[str]()
    for table, make in made_by.items():
        content = make()
        write_bytes(content, SCRATCH / table)
        kept = data / table
        lines = (
            list(differences(content, kept.read_bytes()))
            if kept.is_file()
            else [f"{data}/ has no such table"]
        )
        part = remarks.get(table, {}).get("part")
        print(f"{table}: {'; '.join(lines[:1]) or 'the same bytes'}")
        print("".join(f"{line}\n" for line in lines[1:]), end="")
        if part:
            print(f"  made in part: {part}")
        if lines:
            changed.append(table)
    for resource in read_json(package)["resources"]:
        table = resource["path"]
        if table not in made_by:
            reason = remarks.get(table, {}).get(
                "not", "It is not one of those compiled here."
            )
            print(f"{table}: not made from raw files. {reason}")
    if changed and not write:
        sys.exit(
            f"{counted(len(changed), 'table')} made in {SCRATCH} not as in {data}/, first"
            f" {changed[0]}; expected the same bytes; look at both, and take the new"
            " ones with --write"
        )
    for table in changed:
        own_place(data / table)
        write_bytes((SCRATCH / table).read_bytes(), data / table)
        print(f"written: {data / table}")
    if changed:
        print("now `python3 run data` takes the changed tables into the dictionary")


if __name__ == "__main__":
    parser = arguments(
        "rebuild",
        __doc__,
        "rebuild ../raw",
        "rebuild ../raw --directory examples/china-cities",
    )
    parser.add_argument(
        "raw",
        type=Path,
        metavar="RAWFOLDER",
        help="folder of raw files, as named in data/raw_files.csv",
    )
    parser.add_argument(
        "--write",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="put tables that differ into data/ (default: only compare)",
    )
    options = parser.parse_args()
    folder = options.raw.absolute()
    run_command(options, lambda config: rebuild(config, folder, write=options.write))
