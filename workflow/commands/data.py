"""Check the tables after an edit, say which cells changed and rewrite their hashes in
datapackage.json.
"""

from pathlib import Path

from evenfield.report import changes
from evenfield.study.errors import counted
from evenfield.study.files import own_place
from evenfield.study.ingest.dictionary import refresh_hashes
from evenfield.study.ingest.study_tables import (
    describe_study,
    read_structure,
    read_study,
)
from study import arguments, run_command


def refresh(config: dict) -> None:
    """Refuse structural faults first; only then rewrite hashes."""
    own_place(config["data"]["package"])
    # Hashes of tables that cannot be read would bless what is broken.
    read_structure(config)
    changed = refresh_hashes(config["data"]["package"])
    for path in changed:
        print(f"hash rewritten: {Path(path).as_posix()}")
    study = read_study(config)
    before = Path("results/ingest")
    if changed and before.is_dir():
        now = changes.as_ingested(study)
        messages = list(changes.table_changes(changes.ingested(before), now))
        first = (
            "since the last run:" if messages else "no cell differs from the last run"
        )
        print("\n".join([first, *messages]))
    print(
        f"{counted(len(changed), 'hash', 'hashes')} rewritten, data hash"
        f" {describe_study(study)['data_hash'][:12]}"
    )


if __name__ == "__main__":
    parser = arguments("data", __doc__, "data --directory ../mexico")
    run_command(parser.parse_args(), refresh)
