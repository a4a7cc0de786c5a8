"""Make library/stata.md and library/r.md: python3 docs/_programs.py compares what the
commands print with what evenfield computes, writes the digits that agree into
tests/golden/programs/printed.csv and the pages from there.
"""

import contextlib
import io
import re
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow")]

from golden import printed as cases  # noqa: E402 - found by the line above
from yaml_text import from_yaml  # noqa: E402

PROGRAM = {"stata": "Stata", "r": "R"}
OTHER = {"stata": "[R](r.md)", "r": "[Stata](stata.md)"}
COMMAND = {
    "stata": "xtreg invest value capital i.year, fe vce(cluster firm)",
    "r": "feols(invest ~ value + capital | firm + year, firms, cluster = ~firm)",
}
EXAMPLE = """
import statsmodels.api as sm
import evenfield as ef

firms = sm.datasets.grunfeld.load_pandas().data
firms = firms[firms["firm"] != "American Steel"]
# {command}
model = "invest ~ value + capital | firm + year"
fit = ef.ols(model, firms, unit="firm", time="year", inference="CR1")
print(fit)
"""
KINDS = {
    "estimate": "coefficients",
    "std_error": "standard errors",
    "variance": "standard errors",
    "statistic": "statistics",
    "p_value": "p-values",
    "conf_low": "intervals",
    "conf_high": "intervals",
    "loglik": "log likelihood",
    "aic": "AIC",
    "bic": "BIC",
    "nobs": "rows",
    "hansen": "Hansen",
    "sargan": "Sargan",
    "units": "members",
    "half_life": "half-life",
}


def measured(rows: Sequence[cases.Printed]) -> list[cases.Printed]:
    """Return the printed numbers with the digits at which ours agree."""
    by_id = {case.id: case for case in cases.all_cases()}
    return [
        replace(row, digits=str(row.agreed(cases.ours(by_id[row.case], row))))
        for row in rows
    ]


def agreement(rows: Sequence[cases.Printed]) -> str:
    """Say how many numbers are equal in how many digits."""
    fewer = sorted(int(row.digits) for row in rows if int(row.digits) < row.told)
    count = f"{len(rows)} number{'s' * (len(rows) > 1)}"
    if not fewer:
        return f"{count}: equal in all digits"
    span = f"{fewer[0]}" if fewer[0] == fewer[-1] else f"{fewer[0]} to {fewer[-1]}"
    if len(fewer) == len(rows):
        return f"{count}: equal in {span} digits"
    whole = len(rows) - len(fewer)
    return f"{count}: {whole} equal in all digits, {len(fewer)} in {span}"


def compact(call: str) -> str:
    """Return a call in as few lines as it takes."""
    line = re.sub(r"\s*\n\s*", " ", call.strip())
    line = re.sub(r",? ?([)\]])", r"\1", re.sub(r"([(\[]) ", r"\1", line))
    # Texts stay in one piece.
    kept = re.sub(r'"[^"]*"', lambda text: text[0].replace(" ", "\0"), line)
    lines = textwrap.wrap(kept, 92, subsequent_indent="    ", break_long_words=False)
    return "\n".join(lines).replace("\0", " ")


def page(program: str, rows: Sequence[cases.Printed]) -> str:
    """Return the page of a program from the cases and the digits of their numbers."""
    commands = cases.commands(program)
    of_case = {
        case.id: [row for row in rows if row.case == case.id]
        for command in commands
        for case in command.cases
    }
    used = {case.data for command in commands for case in command.cases}
    text = [
        f"# Coming from {PROGRAM[program]}",
        *_opening(program, of_case),
        *_overview(commands, of_case),
        "<!-- fmt: off -->",  # calls in few lines, as one types them
    ]
    for command in commands:
        text += _section(program, command, of_case)
    return "\n\n".join([*text, *_ending(used)]) + "\n"


def _opening(program: str, of_case: dict[str, list[cases.Printed]]) -> list[str]:
    every = [row for rows in of_case.values() for row in rows]
    whole = sum(int(row.digits) == row.told for row in every)
    read = {case.id for case in cases.all_cases() if case.read}
    adjusted = len(read & set(of_case))
    example = EXAMPLE.format(command=COMMAND[program]).strip()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(example, "example", "exec"), {})
    return [
        "Look for the command that you type: below it stand the conventions that differ,"
        " the call here, and on how many printed numbers the two were compared. Those who"
        f" come from {OTHER[program]}, or from"
        " [statsmodels, linearmodels or pyfixest](habits.md), have pages of their own.",
        f"```python\n{example}\n```",
        f"```text\n{out.getvalue().rstrip()}\n```",
        f"{len(every)} numbers of {len(of_case)} outputs are compared, at most"
        f" {cases.MOST_DIGITS} digits of each; {whole} are equal in all of them. In"
        f" {adjusted} outputs some number is first put into the other convention, and it"
        " is said which. Numbers, sources and comparison are in `tests/golden/programs`;"
        " the tests run every call.",
    ]


def _overview(
    commands: Sequence[cases.Command], of_case: dict[str, list[cases.Printed]]
) -> list[str]:
    lines = ["| you type | what it does | here | compared |", "|---|---|---|---|"]
    for command in commands:
        rows = [row for case in command.cases for row in of_case[case.id]]
        slug = command.command.lower().replace(",", "").replace(" ", "-")
        slug = "".join(c for c in slug if c.isalnum() or c in "-_")
        lines.append(
            f"| [{command.command}](#{slug}) | {command.does} |"
            f" [{command.page}]({command.page}.md) |"
            f" {agreement(rows) if rows else 'see below'} |"
        )
    return ["\n".join(lines)]


def _section(
    program: str, command: cases.Command, of_case: dict[str, list[cases.Printed]]
) -> list[str]:
    text = [f"## {command.command}"]
    if command.none:
        text.append(command.none)
    if command.differs:
        text.append("\n".join(f"- {line}" for line in command.differs))
    told = ""
    for case in command.cases:
        rows = of_case[case.id]
        kinds = dict.fromkeys(KINDS.get(row.quantity, row.quantity) for row in rows)
        why = f" Convention: {case.why}." if case.why and case.why != told else ""
        told = case.why
        text += [
            f"```{program}\n{case.typed}\n```\n```py\n{compact(case.ef)}\n```",
            f"{agreement(rows)} ({', '.join(kinds)}; `{case.data}`).{why}",
        ]
    sources = dict.fromkeys(case.source for case in command.cases)
    if sources:
        text.append(f"*Printed in: {'; '.join(sources)}*")
    return text


def _ending(used: set[str]) -> list[str]:
    told = from_yaml((cases.PROGRAMS / "data.yaml").read_text())
    weights = {
        "columbus": ["queen", "first_order"],
        "grid": ["rook"],
        "states": ["near"],
        "districts": ["inverse"],
    }
    names = [
        name
        for name in told
        if name in used or any(name in weights.get(data, []) for data in used)
    ]
    lines = ["| name | data |", "|---|---|"]
    lines += [f"| `{name}` | {told[name]} |" for name in names]
    return [
        "## The data of the calls",
        "Made by `tests/golden/printed.py`. *StatsPAI* is"
        " `github.com/brycewang-stanford/StatsPAI` at 49f8c0f0 (MIT), with outputs of"
        " Stata 18 and R 4.5.2.",
        "\n".join(lines),
    ]


def main() -> None:
    """Compare, and write the digits and the pages."""
    rows = measured(cases.printed())
    cases.write(rows)
    for program in PROGRAM:
        made = page(program, rows)
        (ROOT / "docs" / "library" / f"{program}.md").write_text(made)


if __name__ == "__main__":
    main()
