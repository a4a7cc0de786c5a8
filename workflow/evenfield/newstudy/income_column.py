"""Which column is income per head: by name, label and size, and how sure that is.

A column of logarithms is never income by itself, since logarithms of logarithms would be
taken; a word such as `per head` alone says nothing of income.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote

import numpy as np
import pandas as pd

from evenfield.newstudy.cells import number_text, numbers_of
from evenfield.newstudy.no_income import other_kind, spread_kind
from evenfield.newstudy.words import WORDS
from evenfield.study.config_files import TODO
from evenfield.study.errors import IngestError, first_examples
from evenfield.study.logarithms import logarithm_sign


@dataclass(frozen=True)
class IncomeColumns:
    """The columns of income, as panel.income of the config names them."""

    columns: dict[str, str]
    messages: list[str]
    levels: dict[str, pd.Series] = field(default_factory=dict)  # new, from logarithms
    titles: dict[str, str] = field(default_factory=dict)  # of the new columns
    perhaps: list[str] = field(default_factory=list)  # where it is not clear


def _sign_of_range(values: pd.Series) -> str:
    """Return what makes figures lie as logarithms of income do: 3 to 15, differing by
    some percent only, with more than one decimal; blank if they do not.
    """
    known = values.dropna()
    if known.empty or known.min() < 3 or known.max() > 15:
        return ""
    one_decimal = known.eq(known.round(1)).mean() > 0.5
    return "" if one_decimal or np.log(known).std() > 0.12 else "by its range"


def _log_of_another(name: str, numbers: Mapping[str, pd.Series]) -> str:
    """Return of which column the figures are the logarithm; blank if of none."""
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
    asked = _asked_columns(given, figures)
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
        income = asked["income"]
        if kinds.get(income):
            people = _people(numbers, labels, signs)
            if "population" in asked:
                people = [asked["population"]]
            raise _no_income(income, kinds[income], people)
        result = _asked({"column": income}, numbers, signs, ranges, logs)
    else:
        result = _asked(asked, numbers, signs, ranges, logs)
    if what:
        named = [
            line.replace("income per head:", f"{what}:") for line in result.messages
        ]
        result = replace(result, messages=named)
    if set(asked) == {"income", "population"}:
        return _with_population(result, asked["population"], numbers)
    return _with_word_of_weights(result, _people(numbers, labels, signs))


def _asked_columns(
    given: Mapping[str, str | None], figures: Sequence[str]
) -> dict[str, str]:
    """Return the columns that the flags name, which must be figures and go together."""
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
    return asked


def _with_word_of_weights(result: IncomeColumns, people: list[str]) -> IncomeColumns:
    """Say how the only column of people would weigh units, where income is a column."""
    income = result.columns.get("column", "")
    if len(people) != 1 or income in {"", TODO}:
        return result
    # Whether people should weigh is the user's to say: it moves every average.
    message = (
        f"units weigh alike; --income {quote(income)} --population"
        f" {quote(people[0])} weighs them"
    )
    return replace(result, messages=[*result.messages, message])


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
        may_be = len(rest) == 1 or any(map(WORDS.money.search, texts))
        if not kind and may_be and "year" in frame:
            kind = spread_kind(texts, numbers[name], frame["year"])
        if kind:
            kinds[name] = kind
    return kinds


def _says_people(name: str, labels: Mapping[str, str]) -> bool:
    """Say whether figures count people, by their name or label."""
    return any(
        WORDS.people.fullmatch(text.strip())
        and not (
            WORDS.no_level.search(text)
            or WORDS.money.search(text)
            or WORDS.per_head.search(text)
        )
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
        divide = f"--output {quote(name)} --population {quote(people[0])}"
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
    per_head = numbers[income] if levels is None else levels
    output = f"{income}_times_{population}"
    return replace(
        result,
        columns={"output": output, "population": population},
        levels={**result.levels, output: _written(per_head * numbers[population])},
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
    """Return the columns that the flags name, in levels; ``choice`` has their keys."""
    suspects = {key: name for key, name in choice.items() if signs.get(name)}
    if logs:
        # Of output and population only what looks like a logarithm is taken back.
        logged = choice if set(choice) == {"column"} else suspects
        return _exponentiated(choice, logged, numbers)
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
        shown, base = (
            ("10", 10.0) if WORDS.base_ten.search(name) else ("e", float(np.e))
        )
        powers = base**values
        level = _level_name(name, numbers)
        levels[level] = _written(powers)
        columns[key] = level
        titles[level] = f"{shown} to the power of {name}"
        messages.append(
            f"{level} is {shown} to the power of {name}, since --log says that this is a"
            f" logarithm ({_span(powers)})"
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
        levels[level] = _written(numbers[name])
        columns[key] = level
        titles[level] = name
        messages.append(f"{level} is {name} as it stands, since --level says so")
    return IncomeColumns(columns, messages, levels, titles)


def _level_name(
    name: str, taken: Mapping[str, pd.Series], otherwise: str = "exp"
) -> str:
    """Return a name without its sign of a logarithm, or with ``otherwise`` before it
    where nothing is left or the rest is taken.
    """
    bare = _without_sign(name)
    return bare if bare and bare not in taken else f"{otherwise}_{name}"


def _without_sign(name: str) -> str:
    """Return a name without its sign of a logarithm, as log_gdp and gdp (log) have it."""
    bare = re.sub(r"^(log_?10|ln|log|l)[ _.(-]*", "", name, flags=re.IGNORECASE)
    bare = re.sub(r"[ _.(](ln|log)\)?$", "", bare, flags=re.IGNORECASE)
    return bare.strip(" _.()")


def _says_money(name: str) -> bool:
    """Say whether the name of a logarithm is that of money or a usual short name."""
    return bool(
        WORDS.money.search(name) or WORDS.short_income.fullmatch(_without_sign(name))
    )


def _written(values: pd.Series) -> pd.Series:
    """Return numbers as the text of a table."""
    return pd.Series([number_text(value) for value in values], index=values.index)


def _guessed(
    figures: list[str],
    numbers: Mapping[str, pd.Series],
    labels: Mapping[str, str],
    signs: Mapping[str, str],
    ranges: Mapping[str, str],
    logs: bool | None,
    kinds: Mapping[str, str],
) -> IncomeColumns:
    """Return the columns of income by names, labels and figures, surest signs first."""
    totals = [name for name, kind in kinds.items() if kind.startswith("a total")]
    logged = [
        name
        for name in numbers
        # Population may lie in that range, in millions say, and be no logarithm.
        if signs[name] or (ranges[name] and not WORDS.people.fullmatch(name))
    ]
    if logs is False:
        logged = []
    levels = [
        name
        for name in figures
        if name not in logged
        and name in numbers
        and not WORDS.no_level.search(name)
        and not WORDS.no_level.search(labels.get(name, "").split(",")[0])
        and (name in totals or name not in kinds)
        and _may_be_income(numbers[name])
    ]
    people = _people(numbers, labels, signs)
    rest = [name for name in levels if name not in people]
    incomes, output = _incomes_and_output(rest, labels, totals)
    if logs and logged:
        chosen = [name for name in logged if _says_money(name)] or logged
        if len(chosen) == 1:
            columns = {"column": chosen[0]}
            return _exponentiated(columns, columns, numbers)
    if not incomes and len(output) == 1 and len(people) == 1:
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
    if len(incomes) == 1 and signs[incomes[0]]:
        columns = {"column": incomes[0]}
        return _as_it_stands(columns, columns, numbers)
    if len(incomes) == 1:
        name = incomes[0]
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
    output_first = [*output, *(name for name in rest if name not in output)]
    neither = [name for name in figures if name not in {*logged, *people}]
    perhaps = incomes or output_first or neither
    # An example is one that may be meant, or there is none.
    plausible = [
        name
        for name in perhaps
        if name in levels
        and name not in kinds
        and (sureness(name) or sureness(labels.get(name, "")))
    ]
    flags = f"--income {quote(plausible[0])}" if plausible else ""
    heads = people or [name for name in rest if WORDS.workers.fullmatch(name)]
    if not incomes and output and heads:
        flags = f"--output {quote(output[0])} --population {quote(heads[0])}"
    result = _unclear(perhaps, flags, logged, signs, ranges)
    said = [
        f"{name} is {kind}, so it is not taken for income per head"
        for name, kind in kinds.items()
        if WORDS.money.search(name)
    ]
    return replace(result, messages=[*said, *result.messages])


def _incomes_and_output(
    rest: list[str], labels: Mapping[str, str], totals: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the columns that may be income per head, and those of output as a whole."""
    texts = {name: f"{name} {labels.get(name, '')}" for name in rest}
    output = [
        name
        for name, text in texts.items()
        if name in totals
        or (
            WORDS.money.search(text)
            and not (WORDS.per_head.search(text) or WORDS.income.search(text))
        )
    ]
    others = [name for name in rest if name not in output]
    by_name = [name for name in others if sureness(name)]
    by_label = [name for name in others if sureness(labels.get(name, ""))]
    incomes = by_name or by_label
    # Of several the one at constant prices, as its label says, and the one per head.
    real = [name for name in output if WORDS.constant_prices.search(texts[name])]
    per_head = [name for name in incomes if WORDS.per_head.search(texts[name])]
    return (
        per_head if len(per_head) == 1 else incomes,
        real if len(real) == 1 else output,
    )


def _unclear(
    perhaps: list[str],
    flags: str,
    logged: list[str],
    signs: Mapping[str, str],
    ranges: Mapping[str, str],
) -> IncomeColumns:
    """Return that the user has to choose, what was passed over, and flags to try."""
    messages = list[str]()
    for name in logged:
        money = _says_money(name)
        # No flag is named for a column that says nothing of income.
        hint = f": give --income {quote(name)} --log if it is one, or --level if not"
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
    money = WORDS.money.search(text) or WORDS.currency.search(text)
    if WORDS.income.search(text) or (money and WORDS.per_head.search(text)):
        return 2
    return int(
        bool(WORDS.money.search(text) or WORDS.short_income.fullmatch(text.strip()))
    )


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
