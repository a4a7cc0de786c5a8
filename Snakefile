"""evenfield: does growth spread? The front door: check the config, then include the rules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir) / "workflow"))

from snakemake.utils import update_config

try:
    from evenfield.report.numbers import read_entries
    from evenfield.shared.offers import step_aside
    from evenfield.study.config import checked_config, read_config
    from evenfield.study.errors import EvenfieldError
except ModuleNotFoundError as missing:
    sys.exit(f"evenfield: {missing.name} is not installed; expected the locked environment; run `python3 run`")

try:
    # A whole config that is handed over, as by a module, wins; single keys change the study's own file.
    whole = {"study", "data", "panel", "periods"} <= set(config)
    written = {} if whole else read_config("config.yaml")
    update_config(written, config)
    config = step_aside(checked_config(written))
    read_entries(config)
except EvenfieldError as error:
    sys.exit(f"evenfield: {error}")
if workflow.is_main_process:
    print(*config["aside"], sep="\n", end="\n" if config["aside"] else "", file=sys.stderr)


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/topics.smk"
include: "workflow/rules/results.smk"


rule all:
    """Everything that the config asks for: the page, the paper, the tidy estimates and the manifest."""
    default_target: True
    input:
        rules.manifest.output,
