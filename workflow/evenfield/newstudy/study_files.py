"""The files of a study's data folder as text: read, and written back only when the
whole study is in order.
"""

import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.newstudy.cells import numbers_of
from evenfield.study.files import (
    STAGED,
    STAGED_PART,
    Record,
    copy_file,
    new_folder,
    own_place,
    take_places,
)
from evenfield.study.ingest.dictionary import (
    read_resources,
    refresh_hashes,
    write_package,
)
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.tables import NEEDED_COLUMNS, NUMERIC, table_kind

KEYS = ("unit", "year", "unit_i", "unit_j")
RANGES = {
    "lat": {"minimum": -90, "maximum": 90},
    "lon": {"minimum": -180, "maximum": 180},
}


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a table as text, so that cells that stay keep their digits."""
    return pd.read_csv(
        path, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    ).fillna("")


def described(
    name: str,
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    labels: Mapping[str, str],
    logged: Collection[str] = (),
    texts: Collection[str] = (),
) -> dict[str, Any]:
    """Describe a table of text for the dictionary: types and ranges by its cells,
    titles where names were changed. ``texts`` are columns of units that are no numbers,
    whatever their cells.
    """
    table = table_kind(f"{name}.csv")
    needed = {
        **dict.fromkeys(NUMERIC.get(table, ()), "number"),
        **NEEDED_COLUMNS.get(table, {}),
        **(dict.fromkeys(texts, "string") if table == "units" else {}),
    }
    fields = list[dict[str, Any]]()
    for column in frame.columns:
        numbers = None if needed.get(column) == "string" else numbers_of(frame[column])
        kind = needed.get(column) or (
            "string" if numbers is None and name != "panel" else "number"
        )
        title = titles.get(column, "") if name in {"panel", "units"} else ""
        label = labels.get(title or column, "")
        more = {
            "title": title,
            "description": label,
            "log": name == "panel" and column in logged,
        }
        limits: dict[str, Any] = {"required": True} if column in KEYS else {}
        # Figures that are never negative get a least value of zero against later slips.
        if (
            numbers is not None
            and kind == "number"
            and (column in RANGES or numbers.min() >= 0)
        ):
            limits |= RANGES.get(column, {"minimum": 0})
        more["constraints"] = limits
        fields.append(
            {
                "name": column,
                "type": kind,
                **{key: value for key, value in more.items() if value},
            }
        )
    # A unit may have many zones or policies, so that (unit) is no key there.
    key = [column for column in frame.columns if column in KEYS]
    if name in {"zones", "policies"}:
        key = []
    schema = {"fields": fields, **({"primaryKey": key} if key else {})}
    return {
        "name": name.replace("/", "-"),
        "path": f"{name}.csv",
        "schema": schema,
    }


def write_study(
    config: Record,
    tables: Mapping[str, pd.DataFrame],
    package: Mapping[str, object] | None = None,
    texts: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Check changed tables in a copy of the data folder; only if all is well, put them
    in place with fresh hashes. Return the study as it is read then.

    ``package`` is the dictionary where it changes too; without it, that of the folder
    stays but for its hashes. ``texts`` are files that are no tables.
    """
    target = Path(config["data"]["package"])
    texts = texts or {}
    names = list(dict.fromkeys([*tables, *texts, target.name]))
    for name in names:  # before anything is staged
        own_place(target.parent / name)
    with tempfile.TemporaryDirectory(prefix="evenfield-study-") as made:
        trial = Path(made) / target.name
        if target.is_file():
            for path in [
                target.name,
                *(resource.path for resource in read_resources(target).values()),
            ]:
                (trial.parent / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(target.parent / path, trial.parent / path)
        if package is not None:
            write_package(package, trial)
        for path, text in texts.items():
            (trial.parent / path).write_text(text, encoding="utf-8", newline="\n")
        for path, frame in tables.items():
            (trial.parent / path).parent.mkdir(parents=True, exist_ok=True)
            frame.to_csv(trial.parent / path, index=False, lineterminator="\n")
        refresh_hashes(trial)
        study = read_study(
            {**config, "data": {**config["data"], "package": str(trial)}}
        )
        # All files stand whole in one folder before the first takes its place.
        part = new_folder(target.parent / STAGED_PART)
        for path in names:
            copy_file(trial.parent / path, part / path)
        part.rename(own_place(target.parent / STAGED))
        take_places(target.parent, target.name)
    return study
