"""Add up the values of each unit of the toy study."""

import csv
import sys
import time
from collections import defaultdict
from pathlib import Path


def main(data, table, clock):
    """Write one row per unit in the order of their names."""
    totals = defaultdict(int)
    with Path(data).open(newline="") as file:
        for row in csv.DictReader(file):
            totals[row["unit"]] += int(row["value"])
    with Path(table).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["unit", "total"])
        writer.writerows(sorted(totals.items()))
        if clock:
            writer.writerow(["clock", time.time_ns()])


if "snakemake" in globals():
    job = globals()["snakemake"]
    Path(job.log[0]).write_text(f"toy: {job.params.stop}\n" * bool(job.params.stop))
    if job.params.stop:
        sys.exit(f"evenfield: toy: {job.params.stop}")
    main(job.input.data, job.output.table, job.params.clock)
