"""evenfield: does growth spread? The front door: check the config, then include the rules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir) / "workflow"))

from snakemake.utils import update_config

try:
    from evenfield.report.numbers import read_entries
    from evenfield.study.config import checked_config, read_config
    from evenfield.study.errors import EvenfieldError
except ModuleNotFoundError as missing:
    sys.exit(f"evenfield: {missing.name} is not installed; expected the locked environment; run `python3 run`")

try:
    # A whole config that is handed over, as by a module, wins; single keys change the study's own file.
    whole = {"study", "data", "panel", "periods"} <= set(config)
    written = {} if whole else read_config("config.yaml")
    update_config(written, config)
    config = checked_config(written)
    read_entries(config)
except EvenfieldError as error:
    sys.exit(f"evenfield: {error}")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/topics.smk"
include: "workflow/rules/results.smk"


if workflow.is_main_process:
    outputs.mark_changed()


onstart:
    outputs.keep_earlier(workflow)


rule all:
    """Everything that the config asks for, each file of it: one that was deleted is made again."""
    default_target: True
    input:
        OUTPUTS,
