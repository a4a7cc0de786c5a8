"""Say what moved since the last run, or against other results: cells, config keys,
estimates, answers, with sizes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.last_results import LAST
from evenfield.report import changes
from evenfield.report.manifest import config_hash, read_manifest
from evenfield.shared.left_out import left_out_parts
from evenfield.shared.second_studies import in_study
from evenfield.study.config import checked_config
from evenfield.study.config_files import study_config
from evenfield.study.errors import ReportError
from evenfield.study.ingest.study_tables import describe_study, read_study
from evenfield.study.table_files import read_table
from study import arguments, run_command

RESULTS = Path("results")


def differences(config: dict[str, Any], old: Path | None) -> Iterator[str]:
    """Compare this study with results of another state of it."""
    tables = read_study(config)
    manifest = read_manifest(RESULTS)
    # Whether the results are those of this config and data.
    current = (
        bool(manifest)
        and manifest["config_hash"] == config_hash(config)
        and manifest["data"]["data_hash"] == describe_study(tables)["data_hash"]
    )
    # Results of an earlier state of config or data are what they are compared with.
    before = old or (LAST if current else RESULTS)
    earlier = read_manifest(before)
    if not earlier:
        raise ReportError(
            f"no results in {before.name}" if old else "no earlier results",
            "a finished run to compare with",
            "run the study, or name a results folder",
        )
    yield (
        f"before: data {earlier['data']['data_hash'][:12]}, configuration"
        f" {earlier['config_hash'][:12]}"
    )
    now = RESULTS / "ingest"
    cells = changes.ingested(now) if current else changes.as_ingested(tables)
    lines = list(changes.table_changes(changes.ingested(before / "ingest"), cells))
    if "config" in earlier:
        lines += changes.config_changes(earlier["config"], config)
    if current:
        for file, compare in (
            ("estimates.csv", changes.estimate_changes),
            ("answers.csv", changes.answer_changes),
        ):
            lines += compare(read_table(before / file), read_table(RESULTS / file))
    yield from lines or ["no cell and no key of the config differs"]
    if not current:
        yield (
            "the results are of an earlier state: `python3 run`, then this command"
            " again, shows what moved in them"
        )


def all_differences(config: dict[str, Any], old: Path | None) -> Iterator[str]:
    """Compare this study, then those beside it with what they were before."""
    yield from differences(config, old)
    beside = {} if old else config["beside"]
    for name, folder in beside.items():
        with in_study(folder):
            other = left_out_parts(checked_config(study_config()))
            try:
                lines = list(differences(other, None))
            except ReportError as error:
                lines = [error.found]
        yield f"{name}, {folder}:"
        yield from (f"  {line}" for line in lines)


def main() -> None:
    """Read the command line and print the differences."""
    options = arguments("diff", __doc__, "diff", "diff ../before/results")
    options.add_argument(
        "old",
        nargs="?",
        type=Path,
        help="a results folder, or a study (default: those before the last run)",
    )
    given = options.parse_args()
    old = given.old.absolute() if given.old else None
    old = old / RESULTS if old and (old / RESULTS).is_dir() else old
    run_command(given, lambda config: print("\n".join(all_differences(config, old))))


if __name__ == "__main__":
    main()
