"""The gate: the whole study twice, in conditions as different as this machine allows,
and the same bytes.

Run 1 is plain. Run 2 has shuffled input rows, another hash seed, time zone and locale,
NumPy without AVX-512 and, where there is one, another Python. Every file under results/
must have the same SHA-256, except logs and benchmarks. `--kernels` repeats run 1 with
other BLAS kernels. The tests marked `gate` are run on the results of run 1. Standard
library only; `python3 run gate` starts it.
"""

import argparse
import csv
import filecmp
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gate_conditions as conditions
from command_line import CommandLine
from gate_conditions import GateError

REPO = Path(__file__).resolve().parents[2]
STUDY_FILES = ("*.yaml", "*.yml", "*.csv", "*.json", "*.bib")
# What a run or an editor has made.
NEVER_COPIED = ("results", ".snakemake", ".git", ".venv*", "__pycache__")
# Seconds and memory stand there.
NOT_COMPARED = ("logs", "benchmarks")
# Seconds after which a test that has not ended says where it stands.
HANGS = 300
# Where tests of whole studies, of many samples and of the site stand, and how they are
# started.
GATE_TESTS = (
    "tests/workflow",
    "tests/browser/test_site.py",
    "tests/architecture",
    "tests/opened",
    "tests/recovery",
    "tests/report/test_section_words.py",
)
PYTEST = ("-n", "2", "--dist", "loadfile", "-o", f"faulthandler_timeout={HANGS}")
RECORD = REPO / "tests" / "golden" / "same_bytes.csv"
SHOWN = 10  # differing files that are named
SEED = 20190622


@dataclass(frozen=True)
class Setting:
    """How one run of the study is made."""

    python: str
    venv: Path
    variables: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> dict[str, Any]:
        """Return a call of the script `run` as `subprocess` takes it."""
        environment = os.environ | self.variables | {"EVENFIELD_VENV": str(self.venv)}
        return {
            "args": [self.python, str(REPO / "run"), *words],
            "env": environment,
            "encoding": "utf-8",
        }

    @property
    def interpreter(self) -> Path:
        """The Python of the environment in which the study runs."""
        return self.venv / "bin" / "python"


def say(text: str) -> None:
    """Print a line of progress at once."""
    sys.stdout.write(f"gate: {text}\n")
    sys.stdout.flush()


def copy_study(study: Path, copy: Path) -> None:
    """Copy a study without its results; of the repository itself only the
    configuration, the data and the texts.
    """
    if study != REPO:
        shutil.copytree(study, copy, ignore=shutil.ignore_patterns(*NEVER_COPIED))
        return
    copy.mkdir(parents=True)
    for pattern in STUDY_FILES:
        for path in study.glob(pattern):
            shutil.copy2(path, copy)
    # Studies beside it are among the examples.
    for name in ("data", "text", "examples"):
        shutil.copytree(
            study / name, copy / name, ignore=shutil.ignore_patterns(*NEVER_COPIED)
        )


def shuffle_rows(path: Path, seed: int) -> int:
    """Shuffle the rows of a CSV file below its header and return how many there are."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    random.Random(seed).shuffle(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return len(rows)


def studies(copy: Path) -> list[Path]:
    """Return the folder of a study that has run and those of the studies beside it,
    from that folder.
    """
    found = []
    for results in sorted(copy.rglob("results")):
        folder = results.relative_to(copy).parent
        if results.is_dir() and not any(part[0] == "." for part in folder.parts):
            found.append(folder)
    return found


def shuffle_study(study: Path, python: Path) -> str:
    """Shuffle every CSV file under data/ and refresh the hashes in its dictionary;
    return what was done.
    """
    files = sorted((study / "data").rglob("*.csv"))
    # A seed for each file: tables of one length must not keep a common order.
    rows = sum(shuffle_rows(path, SEED + number) for number, path in enumerate(files))
    if (study / "data" / "datapackage.json").is_file():
        script = str(REPO / "workflow" / "commands" / "data.py")
        command = [str(python), script, "--directory", str(study)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise GateError(
                "refreshing the hashes of the shuffled data failed:"
                f" {last_line(done.stderr)}"
            )
    return f"{rows} rows of {len(files)} data files"


def last_line(text: str) -> str:
    """Return the last line of an output that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def run_study(title: str, study: Path, setting: Setting, engine: list[str]) -> None:
    """Run the study with the script `run` and pass its progress on."""
    say(title)
    started = time.monotonic()
    command = setting.command("--directory", str(study), *engine)
    # A pipe that nobody reads until the end could fill up and stop the run.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        with subprocess.Popen(
            **command, stdout=subprocess.PIPE, stderr=errors, errors="replace"
        ) as run:
            for line in run.stdout or ():
                if line.startswith(("[", "install")):
                    say(f"  {line.rstrip()}")
        errors.seek(0)
        message = last_line(errors.read())
    if run.returncode:
        raise GateError(f"{title.split(':', maxsplit=1)[0]} failed: {message}")
    say(f"  {time.monotonic() - started:.1f} s")


def test_study(study: Path, setting: Setting) -> None:
    """Run the tests of the finished study of the repository, and those of its types."""
    say("tests of the finished study")
    started = time.monotonic()
    command = setting.command("test", "-m", "gate", *PYTEST, *GATE_TESTS)
    command["env"] |= {"EVENFIELD_STUDY": str(study)}
    printed = []
    with subprocess.Popen(**command, stdout=subprocess.PIPE, errors="replace") as tests:
        for line in tests.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            printed.append(line)
    if tests.returncode:
        raise GateError(
            "tests of the finished study failed; expected what tests/golden says; see"
            " above"
        )
    say(f"  {last_line(''.join(printed))}; {time.monotonic() - started:.1f} s")


def result_files(study: Path) -> dict[str, Path]:
    """Return every compared file of a study and those beside it by its path."""
    files = {}
    for folder in studies(study):
        results = study / folder / "results"
        for path in sorted(results.rglob("*")):
            inside = path.relative_to(results)
            if path.is_file() and inside.parts[0] not in NOT_COMPARED:
                files[path.relative_to(study).as_posix()] = path
    return files


def differences(first: Path, second: Path) -> list[str]:
    """Return a sentence for every file that is not the same in both studies."""
    one = result_files(first)
    two = result_files(second)
    messages = []
    for name in sorted(one.keys() | two.keys()):
        if name not in two:
            messages.append(f"{name}: only the plain run wrote it")
        elif name not in one:
            messages.append(f"{name}: the plain run did not write it")
        elif not filecmp.cmp(one[name], two[name], shallow=False):
            messages.append(f"{name}: {first_difference(one[name], two[name])}")
    return messages


def first_difference(first: Path, second: Path) -> str:
    """Return where two files begin to differ, as a line for text and as a byte
    otherwise.
    """
    one = first.read_bytes()
    two = second.read_bytes()
    at = 0
    # It ends, for the files differ; a slice beyond the shorter one is empty.
    while one[at : at + 1] == two[at : at + 1]:
        at += 1
    # As Git tells binary files: text holds no zero byte.
    if b"\0" in one[:1024]:
        return f"byte {at + 1} differs"
    number = one[:at].count(b"\n") + 1
    return f"line {number} differs: {line_at(one, at)} | {line_at(two, at)}"


def line_at(content: bytes, at: int) -> str:
    """Return the part of a line of text around a byte."""
    start = max(content.rfind(b"\n", 0, at) + 1, at - 40)
    line = content[start : at + 40].split(b"\n")[0]
    return repr(line.decode("utf-8", errors="replace"))


def compare(first: Path, second: Path, second_title: str) -> None:
    """Say how many files are the same; raise `GateError` when one is not."""
    count = len(result_files(first))
    messages = differences(first, second)
    if not count:
        raise GateError(
            "the study wrote no file under results/; expected results to compare; run"
            " it by itself first"
        )
    for line in messages[:SHOWN]:
        say(f"  {line}")
    if messages:
        more = f"the first {SHOWN} above" if len(messages) > SHOWN else "see above"
        raise GateError(
            f"{second_title}: {len(messages)} of {count} files differ from the plain run"
            f" ({more}); expected the same bytes; keep the folders with --keep and"
            " compare"
        )
    say(f"  {count} files, all the same")


def second_setting(
    plain: Setting, same_python: bool, report: conditions.Report
) -> Setting:
    """Return the conditions of run 2, as different as this machine allows."""
    setting = plain
    other_python = None
    reason = "left out"
    if not same_python:
        other_python = conditions.other_python(plain.interpreter)
        reason = "no other working Python 3.11-3.13 on PATH"
    if other_python is not None:
        setting = Setting(other_python, REPO / ".venv-gate")
        conditions.discard_environment(setting.venv, other_python)
        say(f"run 2 uses Python {conditions.version_of(other_python)}")
        install = setting.command("install")
        done = subprocess.run(
            **install,
            stderr=subprocess.PIPE,
            check=False,
        )
        reason = last_line(done.stderr) if done.returncode else ""
    if reason:
        setting = plain
        report.missed("another Python", reason)
    else:
        versions = map(conditions.version_of, (plain.interpreter, other_python))
        report.met("another Python", " v ".join(map(str, versions)))
    report.met("hash seed", "0 v 4242")
    variables = {
        "PYTHONHASHSEED": "4242",
        **conditions.time_zone(report),
        **conditions.locale(report),
        **conditions.without_avx512(setting.interpreter, report),
    }
    return replace(setting, variables=variables)


def compare_archives(study: Path, settings: tuple[Setting, ...]) -> None:
    """Package one finished study in each setting: the archive must be the same."""
    if not (study / "results" / "manifest.json").is_file():
        return
    names = set()
    for setting in settings:
        command = setting.command("package", "--directory", str(study))
        done = subprocess.run(**command, capture_output=True, check=False)
        if done.returncode:
            raise GateError(f"packaging failed: {last_line(done.stderr)}")
        names.add(last_line(done.stdout))
    if len(names) > 1:
        raise GateError(f"the replication archive differs: {'; '.join(sorted(names))}")
    say(f"{names.pop()}, the same twice")


def check_kernels(
    folder: Path,
    study: Path,
    plain: Setting,
    engine: list[str],
    report: conditions.Report,
) -> None:
    """Repeat run 1 with every other BLAS kernel that this processor has."""
    kernels = conditions.other_kernels(plain.interpreter)
    present = conditions.kernel_of(plain.interpreter, {})
    for kernel in kernels:
        copy = folder / f"kernel-{kernel}"
        copy_study(study, copy)
        variables = plain.variables | {"OPENBLAS_CORETYPE": kernel}
        setting = replace(plain, variables=variables)
        run_study(f"run with the BLAS kernel {kernel}: as run 1", copy, setting, engine)
        compare(folder / "plain", copy, f"BLAS kernel {kernel}")
        report.met("BLAS kernel", f"{present} v {kernel}")
    if not kernels:
        report.missed("other BLAS kernels", "this processor has no other")


def pass_gate(
    options: argparse.Namespace, folder: Path, report: conditions.Report
) -> None:
    """Make the runs in `folder` and compare them."""
    study = options.directory.absolute()
    engine = ["--cores", options.cores]
    if options.snakefile is not None:
        engine += ["--snakefile", str(options.snakefile.absolute())]
    # What may differ between the runs is fixed in the first.
    plain = Setting(
        sys.executable,
        Path(sys.prefix),
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": conditions.PLAIN_LOCALE},
    )
    first = folder / "plain"
    second = folder / "second-run-elsewhere"
    for copy in (first, second):
        copy_study(study, copy)
    run_study("run 1 of 2: plain", first, plain, engine)
    if study == REPO:
        test_study(first, plain)
    setting = second_setting(plain, options.same_python, report)
    # After the environment is there: the hashes of shuffled tables are written by it.
    shuffled = [
        shuffle_study(second / folder, setting.interpreter) for folder in studies(first)
    ]
    report.met("shuffled rows", "; ".join(shuffled))
    report.met("jobs", "copies of one process v a process each")
    alone = setting.variables | {"EVENFIELD_PRELOADED": "none"}
    setting = replace(setting, variables=alone)
    run_study("run 2 of 2: everything different", second, setting, engine)
    compare(first, second, "run 2")
    if options.kernels:
        check_kernels(folder, study, plain, engine, report)
    # Last, for it adds the archive to the results of run 1.
    compare_archives(first, (plain, setting))


def write_record(report: conditions.Report) -> None:
    """Write the conditions that docs/how-we-know.md prints."""
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["differed", "between"])
        out.writerows(report.done)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = CommandLine(
        "gate",
        "Two runs in different conditions, the same bytes.",
        "gate",
        "gate --directory examples/us-states --keep",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPO,
        metavar="DIR",
        help="the study's folder (default: this repository)",
    )
    parser.add_argument(
        "--snakefile",
        type=Path,
        metavar="FILE",
        help="another workflow than the repository's",
    )
    parser.add_argument(
        "--cores", default="all", metavar="N", help="cores of each run (default: all)"
    )
    parser.add_argument(
        "--kernels",
        action="store_true",
        help="also compare other BLAS kernels (for releases)",
    )
    parser.add_argument(
        "--same-python", action="store_true", help="do not use another Python for run 2"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the two copies of the study"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write what differed to tests/golden, for docs/how-we-know.md",
    )
    return parser.parse_args(arguments)


@contextmanager
def work_folder(keep: bool) -> Iterator[Path]:
    """Make a folder for the copies and remove it at the end unless it is kept."""
    folder = Path(tempfile.mkdtemp(prefix="evenfield-gate-"))
    try:
        yield folder
    finally:
        if keep:
            say(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Pass the gate or say in one line why not."""
    options = parse_options(arguments)
    report = conditions.Report()
    started = time.monotonic()
    try:
        if not (options.directory / "config.yaml").is_file():
            raise GateError(
                f"no config.yaml in {options.directory}; expected a study; give one"
                " with --directory"
            )
        with work_folder(options.keep) as folder:
            pass_gate(options, folder, report)
    except (GateError, OSError) as error:
        sys.stderr.write(f"gate: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    for line in report.lines():
        say(line)
    if options.record:
        write_record(report)
    say(f"passed in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
