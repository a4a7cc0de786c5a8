"""Check config, texts and data in seconds and compute nothing: every fault in one line, by file."""

from evenfield.report.check import check_study
from study import arguments, in_one_line, written_config


def check(options: object) -> None:
    """Say what is in order, or all that a run would refuse."""
    print("\n".join(check_study(written_config(options))))


if __name__ == "__main__":
    in_one_line(check, arguments(str(__doc__)).parse_args())
