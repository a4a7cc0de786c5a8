"""Make a study from a table of your own: config.yaml and data/, checked, with what was
guessed and why.
"""

import argparse
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from evenfield.newstudy.any_table import note_large, read_any
from evenfield.newstudy.cells import numbers_of
from evenfield.newstudy.config_text import config_text
from evenfield.newstudy.features import GEOPANDAS
from evenfield.newstudy.guess import Choices, Guessed, guess
from evenfield.newstudy.new_study import NewStudy
from evenfield.newstudy.notes_sheets import notes_of
from evenfield.newstudy.policy_files import add_policies, may_date_policies
from evenfield.newstudy.shipped import SHIPPED, fitting_outlines
from evenfield.newstudy.study_files import write_study
from evenfield.newstudy.summary import summary
from evenfield.study.config import checked_config
from evenfield.study.config_files import TODO, read_mapping
from evenfield.study.errors import EvenfieldError, Faults, IngestError, counted
from evenfield.study.files import (
    STAGED,
    Record,
    copy_file,
    new_folder,
    take_places,
    write_text,
)
from evenfield.study.jumps import jumps
from evenfield.study.letters import ACTION, EXPECTED, IN_TEXTS

# Options that name a column of the table.
COLUMNS = "unit name lat lon year income output population".split()
FORMER = "former"  # folder of config and data before --again
MANY = 500_000  # cells, in which units and years are found in more than a second


def make(
    options: argparse.Namespace,
    note: Callable[[str], None],
    ask: Callable[[Guessed], str],
) -> list[str]:
    """Make the study in a folder of its own; return what was said.

    ``note`` tells the user what takes its time, ``ask`` which column is income.
    """
    if not options.again and _holds_a_study(options.folder):
        raise IngestError(
            f"{options.folder.name} holds a study",
            "a folder without config.yaml and data",
            f"name another, give --again to make it anew (its config and data go to"
            f" {FORMER}/), or see `run add`",
        )
    if options.log and options.level:
        raise IngestError("--log and --level", "one of them", "leave one out")
    study = NewStudy(_guessed(options, note, ask), options)
    faults = Faults()

    def take(add: Callable[..., None], *given: Path | None) -> None:
        """Add what the user gives; what is wrong with it is told with all else."""
        if any(given):
            with faults.caught():
                add(*given)

    take(study.add_units, options.units)
    # Whatever else is wrong: half a map would stop every spatial topic.
    study.keep_whole_coordinates()
    take(study.add_polygons, options.polygons)
    is_map = options.panel.suffix.lower() in {".geojson", ".json", *GEOPANDAS}
    if is_map and not options.polygons:
        study.add_own_polygons()
    take(study.add_weights, options.weights)
    take(study.add_groups, options.zones, options.clusters)
    take(partial(add_policies, study), options.policies)
    take(study.add_claims, options.claims)
    if not options.policies and (dated := may_date_policies(study)):
        study.messages.append(f"{dated} may date a policy: --policies {quote(dated)}")
    unused = [name for name in options.match or [] if name not in study.matched_by]
    if unused and not faults:
        faults.append(
            IngestError(
                f"no file has the column {unused[0]}, given by --match",
                "a column of a file that is given",
                "correct it",
            )
        )
    if not study.outlines:
        fitting = fitting_outlines(study.known_units)
        if fitting is not None:
            study.map_at_hand, study.without_outline = fitting
    # A header such as 地区 says no more than region; the map that is shipped with the
    # program, given or fitting, knows whether they are states or provinces.
    outlines = study.map_at_hand or str(options.polygons)
    if outlines in SHIPPED and study.guessed.unit_name in {"unit", "region"}:
        study.guessed.unit_name = SHIPPED[outlines].get("unit", "unit")
    with faults.caught():
        study.choose_groups()
    faults.refuse()
    study.messages += [f"look at: {text}" for text in _jumps(study)]
    config = write(study, options.folder)
    return [*study.messages, *summary(study, config)]


def _jumps(study: NewStudy) -> list[str]:
    """Return what is said of incomes far off those of the years beside them."""
    income = study.guessed.income
    panel = study.tables["panel"]
    columns = [numbers_of(panel[name]) for name in income.values() if name in panel]
    held = [numbers for numbers in columns if numbers is not None]
    if len(held) < len(income):
        return []
    level = held[0] / held[1] if "output" in income else held[0]
    names = dict(study.tables["units"][["unit", "name"]].to_numpy())
    return jumps(panel[["unit", "year"]].assign(income=level), names)


def _holds_a_study(folder: Path) -> bool:
    """Say whether a folder holds a study other than one whose income is still to be
    named, or whose making was stopped; these are made anew.
    """
    config = folder / "config.yaml"
    # Written, and not run yet: its income may still be to be named.
    if config.is_file() and not (folder / "results").exists():
        return f"column: {TODO}" not in config.read_text(encoding="utf-8")
    # The config takes its place last: without it the making was stopped.
    if not config.exists() and (folder / STAGED).is_dir():
        return False
    return config.exists() or (folder / "data").exists()


def _guessed(
    options: argparse.Namespace,
    note: Callable[[str], None],
    ask: Callable[[Guessed], str],
) -> Guessed:
    """Guess the table by its flags; ask which column is income where it is not clear."""
    note_large(options.panel, note)
    table = read_any(options.panel, options.sheet, options.encoding, note)
    if table.frame.size > MANY:
        note(
            f"{options.panel.name}: {len(table.frame):,} rows and"
            f" {counted(len(table.frame.columns), 'column')} read; finding units, years"
            " and income"
        )
    given = {key: getattr(options, key) for key in COLUMNS}
    choices = Choices(
        where=options.where or (),
        leave_out=options.leave_out or (),
        keep_totals=options.keep_totals,
        logs=options.log if options.log or options.level else None,
        what=options.what,
        measure=options.measure or "",
        around=[options.panel.stem, *notes_of(options.panel)],
        years=options.years,
        part_of_year=options.part_of_year,
        calendar=options.calendar,
        drop_incomplete=options.drop_incomplete,
    )
    guessed = guess(table, given, choices)
    if guessed.income.get("column") == TODO and (column := ask(guessed)):
        given["income"] = column
        guessed = guess(table, given, choices)
    return guessed


def write(study: NewStudy, folder: Path) -> Record:
    """Check the study and write it beside its place: its tables, the files that it keeps,
    its config; then all take their places, the config last. Return the config as it is
    written.
    """
    text = config_text(study)
    _refuse_hidden(text)
    answers = study.files.get("claims.yaml")
    # The user still has to name the column of income: for the check it is the first
    # one of figures.
    _unit, _year, first_figures, *_ = study.guessed.panel.columns
    # A name such as "lights, nW" is one value in YAML only between quotes.
    content = yaml.safe_load(text.replace(TODO, json.dumps(first_figures)))
    if answers:
        content["answers"] = read_mapping(answers)
    config: dict[str, Any] = checked_config(content)
    config["data"]["package"] = str(Path(STAGED, config["data"]["package"]))
    tables = {f"{name}.csv": frame for name, frame in study.tables.items()}
    files = {relative: path.absolute() for relative, path in study.files.items()}
    with _working_in(folder):
        staged = new_folder(STAGED)
        write_study(config, tables, study.package(), study.outlines)
        for relative, written_text in study.texts.items():
            write_text(written_text, staged / relative)
        for relative, path in files.items():
            copy_file(path, staged / relative)
        write_text(text, staged / "config.yaml")
        if study.options.again:
            _set_aside()
        take_places(Path(), "config.yaml")
    written: Record = yaml.safe_load(text)
    return written


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Work in a folder, made if it is not there; what is refused leaves nothing there."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with chdir(folder):
            yield
    except EvenfieldError:
        shutil.rmtree(folder if is_new else folder / STAGED, ignore_errors=True)
        raise


def _refuse_hidden(text: str) -> None:
    """Refuse a config with letters that nobody sees, which every later command refuses."""
    letter = IN_TEXTS.search(text)
    if letter is not None:
        line = text[: letter.start()].rpartition("\n")[2].strip()
        line += text[letter.start() :].partition("\n")[0]
        seen = IN_TEXTS.sub("", line)
        raise IngestError(
            f"the hidden character U+{ord(letter[0]):04X} in '{seen}'", EXPECTED, ACTION
        )


def _set_aside() -> None:
    """Move the study that was in the current folder to a folder below it, in place of an
    earlier one.
    """
    held = [name for name in ("config.yaml", "data") if os.path.lexists(name)]
    if held:
        former = new_folder(FORMER)
        for name in held:
            Path(name).rename(former / name)
