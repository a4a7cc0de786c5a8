"""Processor time of every topic of a study in one process, on the tables that a run
left in results/.

python3 run                                   # first: makes results/
.venv/bin/python benchmarks/topics.py         # seconds by topic and peak memory; nothing
.venv/bin/python benchmarks/topics.py FOLDER  # is written; FOLDER: another study
"""

import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from evenfield.shared.left_out import left_out_parts  # noqa: E402
from evenfield.shared.topics import read_topics  # noqa: E402
from evenfield.study.config import checked_config  # noqa: E402
from evenfield.study.config_files import study_config  # noqa: E402
from evenfield.study.study import Study  # noqa: E402


def main() -> None:
    """Print one line for each topic and the sum."""
    os.chdir(sys.argv[1] if sys.argv[1:] else Path(__file__).parents[1])
    # Without what the study cannot carry, as a run leaves it out.
    study = Study(left_out_parts(checked_config(study_config())))
    total = 0.0
    for name, topic in read_topics().items():
        if topic.estimate is None or name not in study.config["estimates"]:
            continue
        module = import_module(f"evenfield.topics.{name}.estimate")
        begun = time.process_time()
        if topic.estimate.chunks:
            module.chunk(study, 1, 1)
        else:
            module.estimate(study)
        seconds = time.process_time() - begun
        total += seconds
        print(f"{name:22s} {seconds:6.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'all':22s} {total:6.1f} s, peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
