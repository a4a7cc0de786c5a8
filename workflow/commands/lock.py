"""Remake the lock files with uv (its options may be given) and environment.yml;
standard library only.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
HELP = """\
usage: run lock [--upgrade] [OPTION OF UV ...]

Remake requirements.lock, requirements-test.lock and environment.yml with uv.

options:
  -h, --help  show this help message and exit
  --upgrade   take newer releases; every other option goes to `uv pip compile`, too

examples:
  python3 run lock
  python3 run lock --upgrade
"""
HEAD = """\
# Made from requirements.lock by `python3 run lock`; do not edit. evenfield is not in it: jobs find
# it in workflow/.
name: evenfield
channels:
  - conda-forge
dependencies:
  - python >=3.11,<3.14
  - pip
  - pip:
"""


def environment_text(lock: str) -> str:
    """Return environment.yml: conda's Python, and pip with the versions of the lock."""
    pins = [
        line.rstrip(" \\")
        for line in lock.splitlines()
        if re.match(r"[A-Za-z0-9]", line)
    ]
    return HEAD + "".join(f'      - "{pin}"\n' for pin in pins)


def main(options: list[str]) -> None:
    """Resolve both lists, the second within the first, and write the three files."""
    if {"-h", "--help"} & {*options}:
        sys.exit(print(HELP, end=""))
    uv = shutil.which("uv")
    if uv is None:
        sys.exit(
            "lock: uv is not on PATH; expected it for making locks only; `pip"
            " install uv`"
        )
    resolve = "pip compile -q --universal --python-version 3.11 --generate-hashes"
    resolve += " --no-header --no-annotate"
    # The second list is resolved within the first, so that tests change no version.
    for name, constraints in (
        ("requirements", []),
        ("requirements-test", ["-c", "requirements.lock"]),
    ):
        files = [f"{name}.in", "-o", f"{name}.lock"]
        command = [uv, *resolve.split(), *options, *constraints, *files]
        if subprocess.run(command, cwd=REPO, check=False).returncode:
            sys.exit(
                f"lock: uv could not resolve {name}.in; expected versions that agree;"
                " change it"
            )
    text = environment_text((REPO / "requirements.lock").read_text(encoding="utf-8"))
    (REPO / "environment.yml").write_text(text, encoding="utf-8")
    print("made requirements.lock, requirements-test.lock and environment.yml")


if __name__ == "__main__":
    main(sys.argv[1:])
