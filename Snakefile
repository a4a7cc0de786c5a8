"""evenfield: does growth spread? From data/ to estimates, exhibits, page and paper."""

import sys
from pathlib import Path

HERE = Path(workflow.current_basedir) / "workflow"
sys.path.insert(0, str(HERE))

from engine.study import before_jobs, checked_plan, plain_data


configfile: plain_data("config.yaml", workflow)


PLAN = checked_plan(workflow, config)
config = PLAN.config


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/topics.smk"
include: "workflow/rules/beside.smk"
include: "workflow/rules/results.smk"


onstart:
    before_jobs(workflow)


rule all:
    """Everything that the config asks for; a file of it that was deleted is made again."""
    default_target: True
    input:
        OUTPUTS,
