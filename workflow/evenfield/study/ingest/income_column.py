"""Which column is income per head: by name, label and size, and how sure that is.

A column of logarithms is never income by itself, since logarithms of logarithms would be
taken; a word such as `per head` alone says nothing of income.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evenfield.study.config_files import TODO
from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.cells import number_text, numbers_of
from evenfield.study.ingest.no_income import other_kind, spread_kind
from evenfield.study.logarithms import MONEY_WORDS, logarithm_sign

INCOME = re.compile(
    "income|wage|earning|salar|ingreso|einkommen|reddito|收入|工资|доход", re.IGNORECASE
)
MONEY = re.compile(MONEY_WORDS, re.IGNORECASE)
PER_HEAD = re.compile(
    r"per.?[ck]ap|percap|per.?head|per.?worker|per.?employee|per.?person|per.?inhabitant"
    r"|gdp(w|l|ch|tt)|pro.?(kopf|capite)|einwohner|innbygger|indbygger|habitante?|人均|на душу"
    r"|(^|[_ .])pc\d|^pc|pc([_ .]|$)|[_ ]hab([_ ]|$)|[_ ]ps$",
    re.IGNORECASE,
)
CURRENCY = re.compile(
    r"(^|[_ ])(eur|usd|pps|ppp|gbp|dollars?|euros?)([_ ]|$)", re.IGNORECASE
)
SHORT = re.compile(r"y|inc|pci|pcinc|rgdpl\d?|rgdpch", re.IGNORECASE)
PEOPLE = re.compile(
    r".*(population|people|poblaci[oó]n|popula[cç][aã]o|inhabitants|residents|人口).*|"
    r"po[bp]\d*([_ .].*)?|n",
    re.IGNORECASE,
)
WORKERS = re.compile(r"(emp|employ|jobs|workers|labou?r).*", re.IGNORECASE)
# What is made of income or output and is no level of it.
OTHER = re.compile(
    r"(^|[_ .(-])(shares?|rates?|ratio|gini|theil|index|idx|tax(es)?|rank|quintile|"
    r"decile|dummy|lag(ged)?|diff|change|gap|relative|group|class|density|deflator|gr|g|"
    r"pct|%)($|[_ .)-])|growth|price.?level|inequal|percent|deflator|density|poverty|fiscal|budget|财政"
    r"|预算|税收|比重|占|(?<!生产)率|比例|指数|密度|增长",
    re.IGNORECASE,
)
CONSTANT = re.compile(r"constant|可比价|不变价", re.IGNORECASE)
BASE_TEN = re.compile(r"log_?10", re.IGNORECASE)


@dataclass(frozen=True)
class IncomeColumns:
    """The columns of income, as panel.income of the config names them."""

    columns: dict[str, str]
    messages: list[str]
    levels: dict[str, pd.Series] = field(default_factory=dict)  # new, from logarithms
    titles: dict[str, str] = field(default_factory=dict)  # of the new columns
    perhaps: list[str] = field(default_factory=list)  # where it is not clear


def _sign_of_range(values: pd.Series) -> str:
    """Return whether figures lie as logarithms of income do: 3 to 15, and differing by
    a few percent only.
    """
    known = values.dropna()
    if known.empty or known.min() < 3 or known.max() > 15:
        return ""
    whole = known.eq(known.round(1)).mean() > 0.5
    return "" if whole or np.log(known).std() > 0.12 else "by its range"


def _log_of_another(name: str, numbers: Mapping[str, pd.Series]) -> str:
    values = numbers[name]
    for other, levels in numbers.items():
        if other == name or levels.min() <= 0:
            continue
        logs = np.log(levels)
        # Nearly all cells agree with the other column's logarithm but for rounding.
        near = (values - logs).abs().dropna()
        if len(near) > 2 and near.quantile(0.95) < 2e-3 and logs.std() > 0:
            return f"it is that of {other}"
    return ""


def income_columns(
    frame: pd.DataFrame,
    figures: Sequence[str],
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    logs: bool | None,
    said: Sequence[str] = (),
    what: str = "",
) -> IncomeColumns:
    """Choose income per head, or output over population, among figures as text.

    ``given`` holds what the flags name; ``logs`` says that income is a logarithm, that
    it is none, or (None) that the user has not said. ``said`` is what units and titles
    say of figures that are alone; ``what`` is the user's word for what is no income.
    """
    asked = {
        key: name
        for key in ("income", "output", "population")
        if (name := given.get(key))
    }
    if wrong := [name for name in asked.values() if name not in figures]:
        raise IngestError(
            f"{first_examples(wrong)} is no column of figures that change over the"
            " years",
            f"one of {first_examples(list(figures), 12)}",
            "correct the flag or the cells",
        )
    together = ({"income"}, {"income", "population"}, {"output", "population"})
    if asked and set(asked) not in together:
        raise IngestError(
            f"the flags {', '.join(f'--{key}' for key in asked)}",
            "--income, --income and --population, or --output and --population",
            "give one of these",
        )
    numbers = {
        name: values
        for name in figures
        if (values := numbers_of(frame[name])) is not None
    }
    signs = {
        name: logarithm_sign(name, labels.get(name, ""), values)
        or _log_of_another(name, numbers)
        for name, values in numbers.items()
    }
    ranges = {name: _sign_of_range(values) for name, values in numbers.items()}
    kinds = {} if what else _other_kinds(frame, numbers, labels, said)
    if not asked:
        result = _guessed(list(figures), numbers, labels, signs, ranges, logs, kinds)
    elif "income" in asked:
        if kinds.get(asked["income"]):
            people = _people(numbers, labels, signs)
            people = [asked["population"]] if "population" in asked else people
            raise _no_income(asked["income"], kinds[asked["income"]], people)
        choice = {"column": asked["income"]}
        result = _asked(choice, numbers, signs, ranges, logs)
    else:
        result = _asked(asked, numbers, signs, ranges, logs)
    if what:
        named = [
            line.replace("income per head:", f"{what}:") for line in result.messages
        ]
        result = replace(result, messages=named)
    name = result.columns.get("column", "")
    if set(asked) == {"income", "population"}:
        return _with_population(result, asked["population"], numbers)
    people = [name for name in numbers if PEOPLE.fullmatch(name) and len(name) > 1]
    if len(people) == 1 and name not in {"", TODO}:
        # Whether people should weigh is the user's to say: it moves every average.
        message = (
            f"units weigh alike; --income {_quoted(name)} --population"
            f" {_quoted(people[0])} weighs them"
        )
        return replace(result, messages=[*result.messages, message])
    return result


def _other_kinds(
    frame: pd.DataFrame,
    numbers: Mapping[str, pd.Series],
    labels: Mapping[str, str],
    said: Sequence[str],
) -> dict[str, str]:
    """Return what figures are that are no income per head, with what says so."""
    rest = [name for name in numbers if not _says_people(name, labels)]
    kinds = dict[str, str]()
    for name in rest:
        texts = [name, labels.get(name, ""), *(said if len(rest) == 1 else ())]
        kind = other_kind(texts, numbers[name])
        may_be = len(rest) == 1 or any(map(MONEY.search, texts))
        if not kind and may_be and "year" in frame:
            kind = spread_kind(texts, numbers[name], frame["year"])
        if kind:
            kinds[name] = kind
    return kinds


def _says_people(name: str, labels: Mapping[str, str]) -> bool:
    """Say whether figures count people, by their name or label."""
    return any(
        PEOPLE.fullmatch(text.strip())
        and not (OTHER.search(text) or MONEY.search(text) or PER_HEAD.search(text))
        for text in (name, labels.get(name, ""))
    )


def _people(
    numbers: Mapping[str, pd.Series],
    labels: Mapping[str, str],
    signs: Mapping[str, str],
) -> list[str]:
    """Return the columns that count people."""
    return [
        name
        for name, values in numbers.items()
        if _says_people(name, labels)
        and not signs[name]
        and _may_be_people(name, values)
    ]


def _no_income(name: str, kind: str, people: list[str]) -> IngestError:
    """Say why figures are no income per head, and what makes one of them."""
    insist = "give --what WORDS (what it is) to study it as it stands"
    if len(people) == 1 and kind.startswith("a total"):
        divide = f"--output {_quoted(name)} --population {_quoted(people[0])}"
        insist = f"give {divide}, or --what WORDS (what it is) to study it as it stands"
    return IngestError(f"{name} is {kind}", "income per head", insist)


def units_of(column: str) -> str:
    """Return what income is measured in by the name of its column, if that has words."""
    return column if " " in column.strip() else f"units of column {column}"


def is_clear(
    frame: pd.DataFrame, figures: Sequence[str], labels: Mapping[str, str]
) -> bool:
    """Say whether one of the columns is income beyond doubt."""
    names = [
        name
        for name in figures
        if name in frame and numbers_of(frame[name]) is not None
    ]
    try:
        chosen = income_columns(frame, names, {}, labels, None)
    except IngestError:
        return False
    return chosen.columns != {"column": TODO}


def _with_population(
    result: IncomeColumns, population: str, numbers: Mapping[str, pd.Series]
) -> IncomeColumns:
    """Return income per head with the population that weights it: as output, which is
    their product, over population.
    """
    (income,) = result.columns.values()
    levels = numbers_of(result.levels[income]) if income in result.levels else None
    heads = numbers[income] if levels is None else levels
    product = heads * numbers[population]
    output = f"{income}_times_{population}"
    texts = pd.Series([number_text(value) for value in product], index=product.index)
    return replace(
        result,
        columns={"output": output, "population": population},
        levels={**result.levels, output: texts},
        titles={**result.titles, output: f"{income} times {population}"},
        messages=[
            *result.messages,
            f"income per head: column {income}; weights: column {population}; {output} is"
            " their product",
        ],
    )


def _asked(
    choice: dict[str, str],
    numbers: Mapping[str, pd.Series],
    signs: Mapping[str, str],
    ranges: Mapping[str, str],
    logs: bool | None,
) -> IncomeColumns:
    suspects = {key: name for key, name in choice.items() if signs.get(name)}
    if logs:
        # Of output and population only what looks like a logarithm is taken back.
        single = choice if set(choice) == {"column"} else suspects
        return _exponentiated(choice, single, numbers)
    if suspects and logs is None:
        name = next(iter(suspects.values()))
        raise IngestError(
            f"{name} looks like a logarithm ({signs[name]})",
            "income in levels, of which logarithms are taken",
            "give --log to take it as a logarithm, or --level if it is none",
        )
    if suspects:
        return _as_it_stands(choice, suspects, numbers)
    messages = [
        f"{name} may be a logarithm, {ranges[name]} ({_span(numbers[name])}): give --log"
        " if it is one"
        for name in choice.values()
        if logs is None and ranges.get(name)
    ]
    return IncomeColumns(choice, messages)


def _exponentiated(
    choice: dict[str, str], logged: Mapping[str, str], numbers: Mapping[str, pd.Series]
) -> IncomeColumns:
    """Return income whose logarithms are taken back."""
    columns = dict(choice)
    levels = dict[str, pd.Series]()
    titles = dict[str, str]()
    messages = list[str]()
    for key, name in logged.items():
        values = numbers.get(name)
        if values is None or values.max() > 40 or values.min() < -15:
            raise IngestError(
                f"{name} is no logarithm of income"
                f" ({'text' if values is None else _span(values)})",
                "figures between -15 and 40 with --log",
                "leave --log out, or name another column with --income",
            )
        base = 10.0 if BASE_TEN.search(name) else float(np.e)
        level = _level_name(name, numbers)
        levels[level] = pd.Series(
            [number_text(value) for value in base**values], index=values.index
        )
        columns[key] = level
        shown = "10" if base == 10.0 else "e"
        titles[level] = f"{shown} to the power of {name}"
        messages.append(
            f"{level} is {shown} to the power of {name}, since --log says that this is a"
            f" logarithm ({_span(base**values)})"
        )
    return IncomeColumns(columns, messages, levels, titles)


def _as_it_stands(
    choice: dict[str, str], named: Mapping[str, str], numbers: Mapping[str, pd.Series]
) -> IncomeColumns:
    """Return income under a name that does not say logarithm."""
    columns = dict(choice)
    levels = dict[str, pd.Series]()
    titles = dict[str, str]()
    messages = list[str]()
    for key, name in named.items():
        level = _level_name(name, numbers, "level")
        texts = [number_text(value) for value in numbers[name]]
        levels[level] = pd.Series(texts, index=numbers[name].index)
        columns[key] = level
        titles[level] = name
        messages.append(f"{level} is {name} as it stands, since --level says so")
    return IncomeColumns(columns, messages, levels, titles)


def _level_name(
    name: str, taken: Mapping[str, pd.Series], otherwise: str = "exp"
) -> str:
    bare = re.sub(r"^(log_?10|ln|log|l)[ _.(-]*", "", name, flags=re.IGNORECASE)
    bare = re.sub(r"[ _.(](ln|log)\)?$", "", bare, flags=re.IGNORECASE).strip(" _.()")
    return bare if bare and bare not in taken else f"{otherwise}_{name}"


def _guessed(
    figures: list[str],
    numbers: Mapping[str, pd.Series],
    labels: Mapping[str, str],
    signs: Mapping[str, str],
    ranges: Mapping[str, str],
    logs: bool | None,
    kinds: Mapping[str, str],
) -> IncomeColumns:
    totals = [name for name, kind in kinds.items() if kind.startswith("a total")]
    logged = [
        name
        for name in numbers
        # Population may lie in that range, in millions say, and be no logarithm.
        if signs[name] or (ranges[name] and not PEOPLE.fullmatch(name))
    ]
    if logs is False:
        logged = []
    levels = [
        name
        for name in figures
        if name not in logged
        and name in numbers
        and not OTHER.search(name)
        and not OTHER.search(labels.get(name, "").split(",")[0])
        and (name in totals or name not in kinds)
        and _may_be_income(numbers[name])
    ]
    people = _people(numbers, labels, signs)
    rest = [name for name in levels if name not in people]
    heads, output = _heads_and_output(rest, labels, totals)
    if logs and logged:
        best = [name for name in logged if MONEY.search(name) or SHORT.search(name)]
        chosen = best or logged
        if len(chosen) == 1:
            columns = {"column": chosen[0]}
            return _exponentiated(columns, columns, numbers)
    if not heads and len(output) == 1 and len(people) == 1:
        columns = {"output": output[0], "population": people[0]}
        why = (
            f", since {output[0]} is {kinds[output[0]]}" if kinds.get(output[0]) else ""
        )
        message = (
            f"income: {output[0]} over {people[0]}, by their names{why} (--output,"
            " --population, --income)"
        )
        return IncomeColumns(columns, [message])
    # Reached only with --level: else a column of such a name is not among these.
    if len(heads) == 1 and signs[heads[0]]:
        columns = {"column": heads[0]}
        return _as_it_stands(columns, columns, numbers)
    if len(heads) == 1:
        name = heads[0]
        why = "by its name"
        if not sureness(name):
            why = f"by its label '{labels[name]}'"
        sure = sureness(f"{name} {labels.get(name, '')}") == 2
        return IncomeColumns({"column": name}, [_chosen(name, why, sure, numbers)])
    others = [name for name in numbers if name not in people]
    if others and all(name in kinds for name in others):
        name = next((name for name in others if name in totals), others[0])
        raise _no_income(name, kinds[name], people)
    # Its cells at or below zero are named by what takes logarithms of it.
    if len(others) == 1 and not rest and sureness(others[0]) and not logged:
        message = _chosen(others[0], "by its name", False, numbers)
        return IncomeColumns({"column": others[0]}, [message])
    if len(others) == 1 and rest == others and not people:
        if signs[others[0]]:
            columns = {"column": others[0]}
            return _as_it_stands(columns, columns, numbers)
        message = _chosen(others[0], "the only figures", False, numbers)
        return IncomeColumns({"column": others[0]}, [message])
    first = [*output, *(name for name in rest if name not in output)]
    perhaps = heads or first or [n for n in figures if n not in {*logged, *people}]
    # An example is one that may be meant, or there is none.
    plausible = [
        name
        for name in perhaps
        if name in levels
        and name not in kinds
        and (sureness(name) or sureness(labels.get(name, "")))
    ]
    flags = f"--income {_quoted(plausible[0])}" if plausible else ""
    heads_of_output = people or [name for name in rest if WORKERS.fullmatch(name)]
    if not heads and output and heads_of_output:
        flags = (
            f"--output {_quoted(output[0])} --population {_quoted(heads_of_output[0])}"
        )
    result = _unclear(perhaps, flags, logged, signs, ranges)
    said = [
        f"{name} is {kind}, so it is not taken for income per head"
        for name, kind in kinds.items()
        if MONEY.search(name)
    ]
    return replace(result, messages=[*said, *result.messages])


def _heads_and_output(
    rest: list[str], labels: Mapping[str, str], totals: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the columns that may be income per head, and those of output as a whole."""
    texts = {name: f"{name} {labels.get(name, '')}" for name in rest}
    output = [
        name
        for name, text in texts.items()
        if name in totals
        or (MONEY.search(text) and not (PER_HEAD.search(text) or INCOME.search(text)))
    ]
    heads = [name for name in rest if sureness(name) and name not in output] or [
        name for name in rest if sureness(labels.get(name, "")) and name not in output
    ]
    # Of several the one at constant prices, as its label says, and the one per head.
    real = [name for name in output if CONSTANT.search(texts[name])]
    per_head = [name for name in heads if PER_HEAD.search(texts[name])]
    return (
        per_head if len(per_head) == 1 else heads,
        real if len(real) == 1 else output,
    )


def _quoted(name: str) -> str:
    return f"'{name}'" if " " in name else name


def _unclear(
    perhaps: list[str],
    flags: str,
    logged: list[str],
    signs: Mapping[str, str],
    ranges: Mapping[str, str],
) -> IncomeColumns:
    messages = list[str]()
    for name in logged:
        money = MONEY.search(name) or SHORT.fullmatch(re.sub("^(ln?|log)_?", "", name))
        # No flag is named for a column that says nothing of income.
        hint = f": give --income {name} --log if it is one, or --level if not"
        if money or name == logged[0]:
            messages.append(
                f"{name} looks like a logarithm ({signs[name] or ranges[name]}), so it is"
                f" not taken for income{hint if money else ''}"
            )
    shown = first_examples(perhaps, 6) if perhaps else "no column"
    example = f" (for example {flags})" if flags else ""
    messages.append(f"income is not clear: perhaps {shown}{example}")
    return IncomeColumns({"column": TODO}, messages, perhaps=perhaps)


def sureness(text: str) -> int:
    """Return 2 for income or money per head, 1 for money or a usual short name, else 0:
    a word such as `per head` alone says nothing of income.
    """
    money = MONEY.search(text) or CURRENCY.search(text)
    if INCOME.search(text) or (money and PER_HEAD.search(text)):
        return 2
    return int(bool(MONEY.search(text)) or _is_short(text))


def _is_short(text: str) -> bool:
    return bool(SHORT.fullmatch(text.strip()))


def _may_be_people(name: str, values: pd.Series) -> bool:
    """Say whether figures can be population: not the same throughout, and, where the
    name is a lone n, no rates.
    """
    known = values.dropna()
    return bool(known.nunique() > 1 and (len(name) > 1 or known.max() >= 100))


def _may_be_income(values: pd.Series) -> bool:
    """Say whether figures can be levels: hardly any at or below zero, and not all at
    most one, as shares are.
    """
    known = values.dropna()
    return bool((known <= 0).mean() <= 0.05 and known.max() > 1)


def _chosen(name: str, why: str, sure: bool, numbers: Mapping[str, pd.Series]) -> str:
    guess = " (--income)" if sure else "; a guess: if it is another, give --income"
    return f"income per head: column {name}, {why} ({_span(numbers[name])}){guess}"


def _span(values: pd.Series) -> str:
    ends = [
        f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
        for value in (values.min(), values.max())
    ]
    return " to ".join(ends)
