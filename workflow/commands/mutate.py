"""Plant faults in the library one at a time and count how many the tests see.

The faults are chosen by a seed: one half in lines that have changed since the last release,
the other half in all lines, from every file by the number of its lines. Each is planted in
a copy of the repository, where the tests that run its line follow, the fastest first, until
one fails. Which tests run which line is recorded by coverage once for each state of the code
and the tests, in .mutate/. tests/mutants.yaml names faults that change nothing.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import yaml
from coverage import CoverageData

from command_line import CommandLine
from mutate_changes import LIBRARY, Lines, changed_lines
from mutate_faults import Fault, faults_of

REPO = Path(__file__).resolve().parents[2]
AREAS = tuple(
    "numerics models shared topics study newstudy api opened answers report".split()
)
EQUIVALENT = Path("tests", "mutants.yaml")  # faults that change nothing, with reasons
RECORD = Path("tests", "golden", "planted_faults.csv")  # counts of the last release
CACHE = REPO / ".mutate"  # which lines the tests run, by state of the code
# Whole studies, browsers and samples in their hundreds are no tests for one fault.
LEFT_OUT = ("tests/workflow", "tests/browser", "tests/architecture", "tests/recovery")
# markers of tests
SELECTED = "not long and not slow and not command"
FEWEST = 10  # faults in an area
START_SECONDS = 10  # of processor time, before the first test
SLOWER = 3.0  # than when it was recorded, before a test run is stopped
AT_FIRST = 12  # tests
ENOUGH = 0.95  # share of the faults that must die
SEED = 20190622  # the same faults on every machine
PYTEST = ["-q", "-p", "no:cacheprovider"]


Key = tuple[str, str, str]  # file, function and change of a fault


class Result(NamedTuple):
    """What is kept of a fault when the command has ended."""

    area: str
    died: bool
    explained: bool  # it lives, since it changes nothing


@dataclass(frozen=True)
class Outcome:
    """What the tests said to one fault."""

    fault: Fault
    result: str  # killed, timeout, survived, untested
    tests: int
    reason: str = ""  # why it changes nothing

    @property
    def died(self) -> bool:
        """Whether a test saw the fault."""
        return self.result in ("killed", "timeout")

    @property
    def area(self) -> str:
        """The folder of the fault."""
        return area_of(self.fault)


def area_of(fault: Fault) -> str:
    """Return the folder of the library that a fault lies in."""
    return fault.file.split("/")[0]


def key_of(fault: Fault) -> Key:
    """Return what identifies a fault wherever its line moves."""
    return fault.file, fault.function, fault.change


def result_of(one: Outcome) -> Result:
    """Return what is kept of an outcome."""
    explained = not one.died and bool(one.reason)
    return Result(area=one.area, died=one.died, explained=explained)


# ------------------------------------------------------------------------------------
# the choice


@dataclass
class Pool:
    """Faults in some lines of each area, in the order in which they are drawn."""

    ranks: dict[str, list[tuple[float, Fault]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lines: Counter[str] = field(default_factory=Counter)  # by area

    def add(self, faults: list[Fault], lines: int, seed: int) -> None:
        """Add the faults of a file, which weighs as much as it has such lines."""
        for fault in faults:
            rank = -math.log(_uniform(seed, fault)) * len(faults) / lines
            self.ranks[area_of(fault)].append((rank, fault))
        if faults:
            self.lines[area_of(faults[0])] += lines

    def nearest(self, count: int, taken: Collection[Fault], fewest: int) -> list[Fault]:
        """Draw a number of faults, each area with its share of them, but so many with
        those that are taken.
        """
        drawn = list[Fault]()
        of_area = Counter(map(area_of, taken))
        for area, ranked in sorted(self.ranks.items()):
            share = round(count * self.lines[area] / self.lines.total())
            share = min(max(share, fewest - of_area[area]), count)
            in_order = (fault for _, fault in sorted(ranked, key=lambda pair: pair[0]))
            left = (fault for fault in in_order if fault not in taken)
            drawn += islice(left, share)
        return drawn


def chosen_faults(
    scopes: Sequence[str], count: int, seed: int, changed: Lines
) -> list[Fault]:
    """Return ``count`` faults of the files below ``scopes``: half of them in lines that
    have ``changed``, if there are such, the others anywhere; each area with its share.

    Notes
    -----
    Weighted sampling without replacement (Efraimidis and Spirakis 2006): the smallest
    -log(u) / w, with u from the hash of seed and fault, and w such that a file weighs as
    much as it has lines. An edit of one file does not change the order in another.
    """
    everywhere, newest = Pool(), Pool()
    for path in sorted((REPO / LIBRARY).rglob("*.py")):
        file = path.relative_to(REPO / LIBRARY).as_posix()
        if not any(f"{file}/".startswith(f"{scope}/") for scope in scopes):
            continue
        faults = faults_of(path, file)
        everywhere.add(faults, len(path.read_bytes().splitlines()), seed)
        lines = changed.get(file, frozenset())
        newest.add([one for one in faults if one.line in lines], len(lines), seed)
    in_changed = newest.nearest(math.ceil(count / 2), (), 0)
    others = everywhere.nearest(count - len(in_changed), set(in_changed), FEWEST)
    chosen = in_changed + others
    return sorted(chosen, key=lambda fault: (fault.file, fault.line, fault.change))


def _uniform(seed: int, fault: Fault) -> float:
    words = f"{seed}\n{fault.file}\n{fault.function}\n{fault.change}"
    digest = hashlib.sha256(words.encode()).digest()
    # Above zero and up to one, so that its logarithm is finite.
    return (int.from_bytes(digest[:8], "big") + 1) / 2**64


# ------------------------------------------------------------------------------------
# a copy of the repository, and which tests run which line


def copied_files() -> list[str]:
    """Return the files that git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        command,
        cwd=REPO,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        sys.exit("mutate: this is no git repository; expected a clone; clone it")
    names = sorted(set(os.fsdecode(listed.stdout).split("\0")) - {""})
    return [name for name in names if (REPO / name).is_file()]


def copy_repository(folder: Path) -> None:
    """Copy the repository, so that nothing is planted in the user's own."""
    for name in copied_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / name, folder / name)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of tests that import the library of a copy."""
    paths = [folder / "workflow", folder / "workflow" / "commands"]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",  # the same order of sets each time
        **more,
    }


def finished(
    copy: Path, command: list[str], **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy until it ends; ``more`` are variables of its
    environment.
    """
    return subprocess.run(
        command,
        cwd=copy,
        env=environment(copy, **more),
        capture_output=True,
        text=True,
        check=False,
    )


class Covering:
    """The tests of each line, recorded once for each state of the library; a file of
    tests that is new or changed is recorded again.
    """

    def __init__(self, cores: int) -> None:
        library = hashlib.sha256()
        tests = {}
        for name in copied_files():
            content = hashlib.sha256((REPO / name).read_bytes()).hexdigest()
            if name.startswith("tests/") and Path(name).name.startswith("test_"):
                tests[name] = content
            elif name == EQUIVALENT.as_posix():
                continue  # it says what survivors mean, and no test reads it
            elif name.startswith((f"{LIBRARY}/", "tests/", "config", "data/")):
                library.update(f"{name} {content}\n".encode())
        tests = {name: tests[name] for name in tests if not name.startswith(LEFT_OUT)}
        folder = CACHE / library.hexdigest()[:16]
        notes = folder / "recorded.json"
        recorded = json.loads(notes.read_text()) if notes.is_file() else {}
        changed = [name for name in tests if recorded.get(name) != tests[name]]
        self.results = folder / "results"
        if not self.results.is_dir():
            run_study(self.results, cores)
        if changed:
            record(folder, changed, cores)
            notes.write_text(json.dumps(tests))
        seconds: dict[str, float] = json.loads((folder / "seconds.json").read_text())
        self.seconds: dict[str, float] = {}
        self._by_file: dict[str, list[str]] = defaultdict(list)
        for name, time_of_test in seconds.items():
            file = name.split("::")[0]
            if file in tests:
                self.seconds[name] = time_of_test
                self._by_file[file].append(name)
        self._data = CoverageData(str(folder / "coverage"))
        self._data.read()

    def tests_of(self, fault: Fault, budget: float) -> list[str]:
        """Return the tests that run the statement of a fault, the fastest first, then
        others of the same files, which may share what a fixture has computed.
        """
        contexts = self._data.contexts_by_lineno(str(LIBRARY / fault.file))
        lines = range(fault.first_line, fault.last_line + 1)
        if fault.at_import:  # whatever uses the file
            lines = range(1, max(contexts, default=0) + 1)
        running = chain.from_iterable(contexts.get(line, []) for line in lines)
        # pytest-cov names a context by test and phase: test|setup or test|run.
        names = {context.rpartition("|")[0] for context in running}
        # Tests that failed when they were recorded cannot see a fault.
        names = names & self.seconds.keys() or self._tests_named_after(fault)
        beside = self._tests_in({name.split("::")[0] for name in names})
        covering = []
        # Quick tests first: most faults die in the first second.
        for group in (names, beside - names):
            for name in sorted(group, key=lambda name: (self.seconds[name], name)):
                if self.seconds[name] <= budget:
                    covering.append(name)
                    budget -= self.seconds[name]
        return covering

    def _tests_in(self, files: Iterable[str]) -> set[str]:
        return set(chain.from_iterable(self._by_file[file] for file in files))

    def _tests_named_after(self, fault: Fault) -> set[str]:
        """Return the tests of a module whose line runs in processes of their own."""
        folder = f"tests/{area_of(fault)}/"
        name = f"/test_{Path(fault.file).stem}.py"
        files = [file for file in self._by_file if file.startswith(folder)]
        return self._tests_in(file for file in files if file.endswith(name))


def run_study(results: Path, cores: int) -> None:
    """Run the study of the repository in a copy and keep what it has estimated; the
    tests of tables and figures read it.
    """
    say("running the study: its estimates are what tables and figures are tested with")
    with tempfile.TemporaryDirectory(prefix="evenfield-mutate-") as name:
        copy = Path(name)
        copy_repository(copy)
        engine = str(copy / "workflow" / "engine" / "main.py")
        done = finished(copy, [sys.executable, "-P", engine, "--cores", str(cores)])
        if done.returncode:
            sys.exit(
                f"mutate: the study could not be run: {done.stderr[-500:]}; expected"
                " `python3 run` to finish; run it"
            )
        results.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(copy / "results", results.with_suffix(".part"))
        results.with_suffix(".part").rename(results)


def record(folder: Path, tests: list[str], cores: int) -> None:
    """Run files of tests once with coverage and keep which tests run which line."""
    say(f"recording which lines are run by {len(tests)} files of tests")
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "coverage"
    times = folder / "seconds.json"
    with tempfile.TemporaryDirectory(prefix="evenfield-mutate-") as name:
        copy = Path(name)
        copy_repository(copy)
        settings = copy / "mutate.coveragerc"
        settings.write_text(
            f"[run]\nrelative_files = true\nsource = {LIBRARY}\ncore = ctrace\n"
        )
        if data.is_file():
            shutil.copy(data, copy / ".coverage")
        command = [sys.executable, "-m", "pytest", *PYTEST, "-m", SELECTED]
        command += ["-p", "mutate_recorder", *tests]
        command += ["-n", str(cores), "--dist", "loadfile"] if cores > 1 else []
        command += ["--cov", f"--cov-config={settings}", "--cov-context=test"]
        done = finished(
            copy,
            [*command, "--cov-append", "--cov-report="],
            MUTATE_SECONDS=str(copy / "seconds.json"),
            EVENFIELD_RESULTS=str(folder / "results"),
        )
        if not (copy / "seconds.json").is_file() or not (copy / ".coverage").is_file():
            sys.exit(
                f"mutate: the tests could not be run: {done.stdout[-500:]}"
                f"{done.stderr[-500:]}; expected `python3 run test` to pass; run it"
            )
        shutil.copy(copy / ".coverage", data)
        before = json.loads(times.read_text()) if times.is_file() else {}
        seconds = {
            name: t for name, t in before.items() if name.split("::")[0] not in tests
        }
        seconds |= json.loads((copy / "seconds.json").read_text())
        times.write_text(json.dumps(seconds))
    say(done.stdout.strip().splitlines()[-1])


# ------------------------------------------------------------------------------------
# the faults, one at a time


class Tester:
    """A copy of the repository, and a process there that runs tests."""

    def __init__(self, copy: Path, results: Path) -> None:
        copy_repository(copy)
        self.copy = copy
        more = {
            "EVENFIELD_RESULTS": str(results),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / ".hypothesis"),
        }
        self._process = subprocess.Popen(
            [sys.executable, str(REPO / "workflow" / "commands" / "mutate_tests.py")],
            cwd=copy,
            env=environment(copy, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, words: list[str], seconds: float) -> int:
        """Run pytest with these words and return its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"words": [*PYTEST, *words], "seconds": math.ceil(seconds)})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def result_of(self, fault: Fault, tests: list[str], seconds: float) -> str:
        """Plant a fault, run its tests until one fails, and take the fault out."""
        path = self.copy / LIBRARY / fault.file
        source = path.read_bytes()
        path.write_bytes(fault.planted(source))
        try:
            code = self.run(["-x", "--tb=no", *tests], seconds)
        finally:
            path.write_bytes(source)  # whatever happens
        if code == 0:
            return "survived"
        # Below zero is a signal: the run was stopped at its limit of time.
        return "killed" if code > 0 else "timeout"

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


def outcomes_of(
    faults: list[Fault], covering: Covering, budget: float, cores: int
) -> Iterator[Outcome]:
    """Plant each fault in a copy and run its tests there; one copy for each core."""
    tests = {fault: covering.tests_of(fault, budget) for fault in faults}
    testers: SimpleQueue[Tester] = SimpleQueue()

    def outcome(fault: Fault) -> Outcome:
        names = tests[fault]
        if not names:
            return Outcome(fault, "untested", 0)
        tester = testers.get()
        # most faults die in the first tests: the files of the others are not imported
        result = "survived"
        for part in (names[:AT_FIRST], names[AT_FIRST:]):
            if part and result == "survived":
                seconds = sum(covering.seconds[test] for test in part)
                limit = START_SECONDS + SLOWER * seconds
                result = tester.result_of(fault, part, limit)
        testers.put(tester)
        return Outcome(fault, result, len(names))

    with tempfile.TemporaryDirectory(prefix="evenfield-mutate-") as name:
        first = Tester(Path(name, "0"), covering.results)
        testers.put(first)
        for core in range(1, cores):
            testers.put(Tester(Path(name, str(core)), covering.results))
        every = sorted(set(chain(*tests.values())))
        if every and first.run(["--collect-only", *every], 10 * START_SECONDS):
            sys.exit("mutate: pytest does not find the recorded tests; delete .mutate/")
        with ThreadPoolExecutor(cores) as pool:
            yield from pool.map(outcome, faults)
        for _ in range(cores):
            testers.get().stop()


def reasons() -> dict[tuple[str, str, str], str]:
    """Return why a fault changes nothing, by file, function and change."""
    path = REPO / EQUIVALENT
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
    return {
        (entry["file"], entry["function"], entry["change"]): entry["reason"]
        for entry in entries or []
    }


# ------------------------------------------------------------------------------------
# what is printed


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"mutate: {text}", file=sys.stderr, flush=True)


def report(outcomes: list[Outcome]) -> int:
    """Print counts by area and every survivor; return 1 if too many live, or if one has
    no reason.
    """
    print(f"{'area':<10}{'planted':>9}{'killed':>8}{'survived':>10}{'died':>7}")
    for area, planted, died, _ in counts_by_area(map(result_of, outcomes)):
        if planted:
            lived = planted - died
            print(f"{area:<10}{planted:>9}{died:>8}{lived:>10}{died / planted:>7.0%}")
    survivors = [one for one in outcomes if not one.died]
    for one in survivors:
        fault = one.fault
        tests = f"{one.tests} tests" if one.tests else "no test runs it"
        print(f"\n{LIBRARY / fault.file}:{fault.line} {fault.function} ({tests})")
        print(f"  {fault.change}")
        print(f"  {one.reason or 'NO REASON: write the test that sees it'}")
    share = 1 - len(survivors) / len(outcomes)
    bare = sum(not one.reason for one in survivors)
    print(
        f"\n{share:.1%} of {len(outcomes)} died; {len(survivors)} survived,"
        f" {bare or 'none'} without a reason"
    )
    return int(share < ENOUGH or bare > 0)


def counts_by_area(results: Iterable[Result]) -> list[tuple[str, int, int, int]]:
    """Return by area how many faults were planted, died, and live since they change
    nothing.
    """
    rows = list(results)
    counts = []
    for area in (*AREAS, "all"):
        here = [row for row in rows if area in (row.area, "all")]
        died = sum(row.died for row in here)
        explained = sum(row.explained for row in here)
        counts.append((area, len(here), died, explained))
    return counts


def write_record(results: Iterable[Result]) -> None:
    """Write the counts that docs/how-we-know.md prints."""
    with (REPO / RECORD).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["area", "planted", "died", "change_nothing"])
        out.writerows(counts_by_area(results))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = CommandLine(
        "mutate", __doc__, "mutate topics/beta --count 20 --seed 7", "mutate --again"
    )
    parser.add_argument(
        "areas",
        nargs="*",
        default=AREAS,
        metavar="AREA",
        help=f"{', '.join(AREAS)}, or a folder or file below, such as topics/beta",
    )
    parser.add_argument("--count", type=int, default=240, help="faults (240)")
    parser.add_argument("--seed", type=int, default=SEED, help="another choice")
    parser.add_argument(
        "--cores",
        type=int,
        default=os.cpu_count() or 1,
        help="faults that are tried side by side (default: one for each core)",
    )
    parser.add_argument(
        "--budget", type=float, default=60.0, help="seconds of tests for a fault (60)"
    )
    parser.add_argument(
        "--again", action="store_true", help="only what survived the last time"
    )
    parser.add_argument(
        "--list", action="store_true", help="show the faults, plant none"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help=f"write the counts to {RECORD}, for docs/how-we-know.md",
    )
    options = parser.parse_args()
    for area in options.areas:
        if not (REPO / LIBRARY / area).exists():
            parser.error(f"no {LIBRARY / area}; expected one of {', '.join(AREAS)}")
    return options


def main() -> int:
    """Choose the faults, plant them, print what the tests saw."""
    options = arguments()
    changed = changed_lines(REPO)
    if changed is None:
        say("git does not know the last release: all lines weigh the same")
        changed = {}
    faults = chosen_faults(options.areas, options.count, options.seed, changed)
    last = CACHE / "results.json"
    results = dict[Key, Result]()
    if options.again:
        results = {
            tuple(key): Result(*kept) for key, kept in json.loads(last.read_text())
        }
        survivors = {key for key, result in results.items() if not result.died}
        everything = chosen_faults(AREAS, 10**9, options.seed, {})
        faults = [fault for fault in everything if key_of(fault) in survivors]
    if options.list:
        for fault in faults:
            print(f"{fault.file}:{fault.line} {fault.function}: {fault.change}")
        return 0
    covering = Covering(options.cores)
    known = reasons()
    outcomes = []
    started = time.monotonic()
    planted = outcomes_of(faults, covering, options.budget, options.cores)
    for number, one in enumerate(planted, 1):
        fault = one.fault
        outcomes.append(replace(one, reason=known.get(key_of(fault), "")))
        seconds = time.monotonic() - started
        say(
            f"{number}/{len(faults)} {seconds:.0f} s {one.result:<8}"
            f" {fault.file}:{fault.line}"
        )
    results |= {key_of(one.fault): result_of(one) for one in outcomes}
    last.write_text(json.dumps(list(results.items())))
    if options.record:
        write_record(results.values())
    return report(outcomes)


if __name__ == "__main__":
    sys.exit(main())
