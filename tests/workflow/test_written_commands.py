"""Every command that the help, README.md and the pages of docs/ show runs in a test, or
stands in a list with the reason why it does not; one that is added there is among them.
"""

import ast
import os
import re
import shlex
import shutil
from functools import cache
from pathlib import Path

import pytest

import program_copies
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
FINISHED = os.environ.get("EVENFIELD_STUDY", "")
RECORD = ROOT / "docs" / "changes.md"  # has commands of older versions
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("*.md")} - {RECORD})]
COMMAND = re.compile(
    r"`((?:python3 run|snakemake)\b[^`]*)`"
    r"|^ *((?:python3 run|snakemake)\b[^\n`]*)",
    re.MULTILINE,
)
# How each command is tried, by the first pattern that it fits: in a study that is made
# here, in a finished study, or not, with the reason.
HOW = from_yaml(r"""
'run$|run --help$': here
'run check$': checked below with all studies of the repository
'.*\b(NAME|DIR|FILE|COLUMN|TARGET|COMMAND)\b.*': a form, whose words stand for others
'run new .*\b(mpdta\.csv|nama_10r_2gdp\.tsv|pwt100\.xlsx|incomes\.xlsx|mine\.xlsx).*': its table is downloaded
'run check .*\.\./districts': a study of the reader's own
'run (new|check|list)\b.*': here
'run add gdp_100m_cny .*': its table is downloaded from the bureau
'run rebuild\b.*': its raw files are downloaded; tests/compiled runs the command without them
'run add schooling .*|run add log_income .*': a table of the reader's own
'run (add|data) .*\.\./my-states.*': here
'run data\b.*': tests/study/ingest has hashes; it would write into a study of a test
'run why (districts\..*|.*\.\./my-states)': tests/workflow/test_new_study.py runs it
'run (why|show) .*': finished
'run -n$': 'a dry run: tests/workflow/test_run.py has one'
'run diff.*': 'it compares with an earlier run: tests/workflow/test_study.py has what moved'
'run (package|clean) .*|run package$': tests/workflow/test_package.py and test_run.py
'run (gate|mutate|validate|lock|install|test|schema)\b.*': 'hours, a network, or files of the repository: each has tests of its own'
'run( --directory \S+)?( results/\S+)?( --report \S+)?( --profile .*)?$': 'a whole run: tests/workflow/test_study.py, test_examples.py, test_new_study.py, test_slurm.py'
'snakemake\b.*': 'a whole run: tests/workflow/test_run.py has the plain engine'
""")


def in_text(text):
    """Yield the commands of a text from `python3 run` on; a comment behind one is none."""
    text = re.sub(r"\\\n\s*", "", text)
    for match in COMMAND.finditer(text):
        words = " ".join((match[1] or match[2]).split()).partition(" #")[0]
        for one in words.split("; python3 "):
            yield one.removeprefix("python3 ").strip()


def names_of_commands():
    """The commands of `run`, as its own list has them."""
    tree = ast.parse((ROOT / "run").read_text("utf-8"))
    folder = ROOT / "workflow" / "commands"
    words = next(
        node.value.func.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "COMMANDS"
    ).split()
    assert all((folder / f"{name}.py").is_file() for name in words)
    return words


@cache
def help_of(name):
    return program_copies.run_well(name, "--help")


def help_of_run():
    """The text of `run --help`."""
    tree = ast.parse((ROOT / "run").read_text("utf-8"))
    values = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    texts = [values["HELP"].value, *ast.literal_eval(values["HELP_OF"]).values()]
    return "\n".join(texts)


def written():
    """Return every command with the place where it stands first."""
    commands = {}
    for page in PAGES:
        for command in in_text(page.read_text("utf-8")):
            commands.setdefault(command, page.name)
    text = help_of_run()
    examples = [re.split(r" {2,}", line.strip())[0] for line in text.splitlines()]
    for example in examples:
        for command in in_text(example):
            commands.setdefault(command, "run --help")
    for words in re.findall(r"(?<=[:,] )((?:show|why|list) [^,\n]+)", text):
        commands.setdefault(f"run {words}", "run --help")
    for name in names_of_commands():
        for command in in_text(help_of(name).partition("\nexamples:\n")[2]):
            commands.setdefault(command, f"{name} --help")
    return commands


def how(command):
    """Return how a command is tried, or why not; nothing where nobody has said it."""
    return next((said for form, said in HOW.items() if re.fullmatch(form, command)), "")


def tried(said):
    return [command for command in written() if how(command) == said]


@pytest.mark.command
def test_every_written_command_is_tried_or_has_a_reason():
    commands = written()
    unknown = {
        command: place for command, place in commands.items() if not how(command)
    }
    assert not unknown
    assert len(commands) > 60
    unused = [
        form
        for form in HOW
        if not any(re.fullmatch(form, command) for command in commands)
    ]
    assert not unused


@pytest.mark.command
def test_what_is_written_runs(tmp_path):
    """Studies are made where the examples make them: beside the repository."""
    commands = tried("here")
    order = ["new", "check", "add", "data"]
    commands.sort(key=lambda command: first_of(order, command))
    for command in commands:
        if command in ("run", "run --help"):
            continue  # the study itself, and what every test of the help reads
        words = shlex.split(command.replace("../", f"{tmp_path}/"))[1:]
        if words[0] == "new":  # two examples make a study of one name
            shutil.rmtree(words[1], ignore_errors=True)
        done = program_copies.run(*words, cwd=ROOT)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "{{" not in done.stdout


def first_of(order, command):
    name = command.split()[1] if " " in command else ""
    return order.index(name) if name in order else len(order)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy of the finished study: `show` writes among results that others compare."""
    copy = tmp_path_factory.mktemp("finished") / "study"
    copy.mkdir()
    for path in Path(FINISHED).glob("*.yaml"):
        shutil.copy(path, copy)
    hidden = shutil.ignore_patterns(".*")
    for name in ("data", "text", "examples", "results"):
        shutil.copytree(Path(FINISHED) / name, copy / name, ignore=hidden)
    return copy


@pytest.mark.gate
@pytest.mark.skipif(not FINISHED, reason="EVENFIELD_STUDY names no finished study")
def test_what_is_written_of_a_finished_study_runs(finished):
    for command in tried("finished"):
        words = shlex.split(command)[1:]
        done = program_copies.run(*words, "--directory", finished, cwd=ROOT)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert not re.search(r"\{\{|\{%", done.stdout), command


@pytest.mark.gate
@pytest.mark.parametrize("folder", [".", "examples/china-cities"])
@pytest.mark.parametrize(
    "words", ["check", "list", "list numbers", "diff", "show {exhibits}"]
)
@pytest.mark.skipif(not FINISHED, reason="EVENFIELD_STUDY names no finished study")
def test_no_command_prints_the_language_of_texts(finished, folder, words):
    study = finished / folder
    tables = [path.stem for path in sorted((study / "results/tables").glob("*.csv"))]
    exhibits = " ".join(tables[:3])
    words = words.format(exhibits=exhibits).split()
    done = program_copies.run(*words, "--directory", study, cwd=ROOT)
    assert not re.search(r"\{\{|\{%|Traceback", done.stdout + done.stderr)


@pytest.mark.command
@pytest.mark.parametrize("name", names_of_commands())
def test_the_help_of_a_command_has_a_line_for_each_option_and_an_example(name):
    text = help_of(name)
    assert text.startswith(f"usage: run {name}")
    assert f"\nexamples:\n  python3 run {name}" in text
    entries = re.findall(r"(?m)^  (-.*(?:\n {6,}.*)*)", text.partition("\noptions:")[2])
    assert entries
    for entry in entries:
        # What an option does stands two blanks behind it, or below.
        assert re.search(r"\S {2,}\S|\n {6,}\S", entry), entry


@pytest.mark.command
@pytest.mark.parametrize(
    ("words", "said"),
    from_yaml("""
    - ["chek", "did you mean 'check'?"]
    - ["LIST", "did you mean 'list'?"]
    - ["estimate_bta", "did you mean 'estimate_beta'?"]
    - ["blahblubb", "python3 run --help lists the commands"]
    - ["zz", "python3 run --help lists the commands"]
    - ["--direktory x", "did you mean '--directory'?"]
    - ["--qqqq", "unrecognized arguments: --qqqq"]
    - ["list tabels", "did you mean 'tables'?"]
    - ["list qqqq", "leave it out, which lists all but numbers"]
    - ["list --direktory x", "did you mean '--directory'?"]
    - ["show T66", "did you mean 'T6'?"]
    - ["show t6", "did you mean 'T6'?"]
    - ["show qqqq", "`python3 run list` says what each shows"]
    - ["new x --panel y --calender nepali", "did you mean '--calendar'?"]
    - ["new x --panel y --calendar nepaly", "did you mean 'nepali'?"]
    - ["gate --kernel --kep", "did you mean '--keep'?"]
    """),
)
def test_a_misspelt_word_is_answered_by_what_is_meant_if_anything_is_near(words, said):
    done = program_copies.run(*words.split(), cwd=ROOT)
    *_, last = done.stderr.strip().splitlines()
    assert done.returncode
    assert last.endswith(said)
    assert ("did you mean" in last) == ("did you mean" in said)


@pytest.mark.command
@pytest.mark.parametrize("study", [".", *sorted((ROOT / "examples").glob("*-*"))])
def test_a_study_of_the_repository_asks_for_nothing_that_its_data_lack(study):
    said = program_copies.run_well("check", "--directory", study, cwd=ROOT)
    assert "left out:" not in said
    assert "config and data are in order" in said
