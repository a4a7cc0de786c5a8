"""A study that has been run, made in this process: its checked tables, panel, weights and
estimates on disk, and a number with a text and a table that print it.
"""

import shutil
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pandas as pd
import yaml

from china_study import estimated, write_panels, write_weights
from evenfield.answers.rows import adjusted
from evenfield.answers.spec import read_claims
from evenfield.answers.study import answer_study
from evenfield.opened.fits import FitError
from evenfield.report.manifest import build_manifest
from evenfield.report.numbers import named_numbers
from evenfield.shared.estimates import (
    read_estimates,
    stacked_estimates,
    write_stacked,
)
from evenfield.shared.left_out import left_out_parts
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.errors import EvenfieldError
from evenfield.study.files import read_json, write_json
from evenfield.study.ingest.study_tables import describe_study, read_study
from evenfield.study.study import Study
from evenfield.study.table_files import write_results

FEW = {"permutations": 199}  # draws, for speed


def store_study(source, folder, changes=None, numbers=None):
    """Copy a study, run it with few draws and return its folder."""
    shutil.copytree(source / "data", folder / "data")
    config = {**read_config(source / "config.yaml"), **(changes or {})}
    config["inference"] = {**config.get("inference", {}), **FEW}
    config["numbers"] = numbers or {}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    read = checked_config(read_config(path))
    read["data"]["package"] = str(folder / "data" / "datapackage.json")
    read = left_out_parts(read)
    root = folder / "results"
    for scheme, built in write_panels(read, root).items():
        write_weights(read, root, scheme, built)
    study = Study(read, root)
    for topic in read["estimates"]:
        estimated(topic, study).write(root / "estimates" / topic)
    paths = sorted(map(str, root.glob("estimates/*/estimates.csv")))
    write_stacked(adjusted(stacked_estimates(paths), {}), root / "estimates.csv")
    named = named_numbers(read, root)
    write_json(
        {name: one.plain() for name, one in named.items()}, root / "numbers.json"
    )
    return folder


def print_number(folder, name):
    """Print a number of a stored study in a text and in a table."""
    text = folder / "text"
    text.mkdir()
    (text / "page.md").write_text(
        f"First.\n\nIt is {{{{ n.{name} }}}} here.\n{{{{ must(n.{name} > 0) }}}}\n"
    )
    number = read_json(folder / "results" / "numbers.json")[name]
    row = {"period": "1940\u20132000", "speed": number["value"]}
    row["speed_estimate_id"] = number["estimate_id"]
    write_results(pd.DataFrame([row]), folder / "results" / "tables" / "T6.csv")


def finish(folder):
    """Write what a run writes last: checked description, answers, and the manifest of all
    files.
    """
    root = folder / "results"
    with chdir(folder):
        config = left_out_parts(checked_config(read_config(Path("config.yaml"))))
        description = describe_study(read_study(config))
        write_json({**description, "vintage": ""}, root / "ingest" / "description.json")
        rows = read_estimates(root / "estimates.csv")
        frame, content = answer_study(rows, read_claims(config), simulated=())
        write_results(frame, root / "answers.csv")
        write_json(content, root / "answers.json")
        files = [str(path) for path in root.rglob("*") if path.is_file()]
        steps = [path for path in files if len(Path(path).relative_to(root).parts) > 2]
        given = [path for path in files if path not in steps]
        write_json(
            build_manifest(config, description, given, root, {}, steps),
            root / "manifest.json",
        )


def walked(study, rows):
    """Return how many rows are equal, equal but for what is said, and refused, by topic;
    the faults; and the reasons of what is refused.
    """
    counts, faults, reasons = Counter(), [], {}
    for row in rows.to_dict("records"):
        name = row["estimate_id"]
        kind = (row["topic"], row["estimator"], row["effect_type"])
        try:
            beside = study.compared(name)
        except FitError as error:
            counts[row["topic"], "refused"] += 1
            reasons[kind] = str(error)
            continue
        except EvenfieldError as error:
            faults.append((*kind, name, str(error)))
            continue
        other = beside[~beside["same"].astype(bool)]
        if (other["why"] == "").any():
            faults.append((*kind, name, beside.to_string()))
        elif len(other):
            counts[row["topic"], "in part"] += 1
        else:
            counts[row["topic"], "equal"] += 1
    return counts, faults, reasons
