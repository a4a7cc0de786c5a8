"""Studies and code of the repository, copied for a test: an example with some of its
topics, the study of one total that starts in no time, and the code alone.
"""

import shutil
from pathlib import Path

import yaml

from evenfield.report.plan import STAMP
from evenfield.study.files import write_text

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
TOTAL = Path(__file__).parent / "workflow" / "toy"
MADE = shutil.ignore_patterns("__pycache__", "results", ".snakemake")


def copy_example(folder, *topics, name="us-states", **changes):
    """Write the data of an example, and its config with these topics and changes."""
    config = yaml.safe_load((EXAMPLES / name / "config.yaml").read_text("utf-8"))
    sections = {topic: config["estimates"][topic] for topic in topics}
    config |= {"estimates": sections, "tables": [], "figures": [], **changes}
    shutil.copytree(EXAMPLES / name / "data", folder / "data", dirs_exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def copy_total(folder):
    """Write the study of one total; return its folder."""
    shutil.copytree(TOTAL, folder, ignore=MADE, dirs_exist_ok=True)
    # Whatever has been checked loads no libraries before a job asks for them.
    write_text("", folder / STAMP)
    return folder


def copy_code(folder):
    """Write the code of the repository; return its folder ``workflow``."""
    shutil.copytree(ROOT / "workflow", folder / "workflow", ignore=MADE)
    for name in ("Snakefile", "pyproject.toml", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    return folder / "workflow"
