"""Which column is income per head: by name, label and size, and how sure that is.

A column of logarithms is never income by itself, since logarithms of logarithms would be
taken; a word such as `per head` alone says nothing of income.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote

import numpy as np
import pandas as pd

from evenfield.newstudy.cells import number_text, numbers_of
from evenfield.newstudy.no_income import (
    TOTAL,
    counted_kind,
    moves_with_people,
    other_kind,
    per_head_already,
    spread_kind,
)
from evenfield.newstudy.words import WORDS
from evenfield.study.config_files import TODO
from evenfield.study.errors import IngestError, first_examples
from evenfield.study.logarithms import logarithm_sign

MOST_CLASSES = 20  # different figures of a column that may sort units into classes
BELOW_ZERO = "all figures lie below zero"  # sign of a logarithm
LONGEST_WORD = 40  # letters of what a figure is called


@dataclass(frozen=True)
class IncomeColumns:
    """The columns of income, as panel.income of the config names them."""

    # name by key: ``column``, or ``output`` and ``population``; TODO if not clear
    columns: dict[str, str]
    messages: list[str]
    levels: dict[str, pd.Series] = field(default_factory=dict)  # new columns, as text
    titles: dict[str, str] = field(default_factory=dict)  # of the new columns
    perhaps: list[str] = field(default_factory=list)  # where it is not clear
    people: str = ""  # the one column of people beside income that may weigh units
    kind: str = ""  # what the column is instead of income per head, and what says so


@dataclass(frozen=True, eq=False)
class Figures:
    """A column of figures, with what its name, label and values say of it."""

    name: str
    label: str
    values: pd.Series
    log_sign: str  # what makes it look like a logarithm; blank if nothing does
    kind: str = ""  # what it is instead of income per head, and what says so

    @property
    def text(self) -> str:
        """Name and label."""
        return f"{self.name} {self.label}"

    @property
    def range_sign(self) -> str:
        """What makes figures lie as logarithms of income do: 3 to 15, differing by some
        percent only, with more than one decimal; blank if they do not.
        """
        known = self.values.dropna()
        if known.empty or known.min() < 3 or known.max() > 15:
            return ""
        one_decimal = known.eq(known.round(1)).mean() > 0.5
        return "" if one_decimal or np.log(known).std() > 0.12 else "by its range"

    @property
    def says_people(self) -> bool:
        """Whether it counts people, by its name or label."""
        others = (WORDS.no_level, WORDS.money, WORDS.per_head)
        return any(
            WORDS.people.fullmatch(text.strip())
            and not any(words.search(text) for words in others)
            for text in (self.name, self.label)
        )

    @property
    def counts_people(self) -> bool:
        """Whether it counts people by its figures, too: not the same throughout, and,
        where the name is a lone n, no rates.
        """
        known = self.values.dropna()
        may_be = known.nunique() > 1 and (len(self.name) > 1 or known.max() >= 100)
        return bool(self.says_people and not self.log_sign and may_be)

    @property
    def is_logged(self) -> bool:
        """Whether it looks like a logarithm, by a sign of one or by its range alone."""
        # Population may lie in that range, in millions say, and be no logarithm.
        in_range = self.range_sign and not WORDS.people.fullmatch(self.name)
        return bool(self.log_sign or in_range)

    @property
    def may_be_logged(self) -> bool:
        """Whether its figures can be logarithms of income."""
        return bool(self.values.min() >= -15 and self.values.max() <= 40)

    @property
    def says_money(self) -> bool:
        """Whether it is money by its name, its label or what says its kind."""
        return bool(sureness(self.text) or WORDS.money.search(self.kind))

    @property
    def is_total(self) -> bool:
        """Whether it is a sum over people."""
        return self.kind.startswith(TOTAL)

    @property
    def may_be_level(self) -> bool:
        """Whether it can be income or output: at most 5 percent of figures at or below
        zero, one above 1 (shares have none), no name of another thing, no kind but a
        total.
        """
        named = [self.name, self.label.split(",")[0]]
        if any(map(WORDS.no_level.search, named)) or (self.kind and not self.is_total):
            return False
        known = self.values.dropna()
        return bool((known <= 0).mean() <= 0.05 and known.max() > 1)

    @property
    def span(self) -> str:
        """Its least and largest figure."""
        return _span(self.values)


@dataclass(frozen=True)
class Said:
    """What is said of figures beside their name and label."""

    of_one: Sequence[str] = ()  # by units and titles, of figures that are alone
    around: Sequence[str] = ()  # by the file's name and sheets of notes
    series: Mapping[str, str] = field(default_factory=dict)  # of one value, by column
    sums: Mapping[str, str] = field(default_factory=dict)  # why they add up, by column
    # why units cannot be compared in one year, by column
    bases: Mapping[str, str] = field(default_factory=dict)
    measure: str = ""  # the unit that the user says


def income_columns(
    frame: pd.DataFrame,
    figures: Sequence[str],
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    logs: bool | None,
    said: Said = Said(),
    what: str = "",
) -> IncomeColumns:
    """Choose income per head, or output over population, among the columns of ``frame``
    that ``figures`` names, whose cells are text; TODO for a column where it is not
    clear, an IngestError where flags are wrong or nothing is income per head.

    ``given`` holds what the flags name; ``logs`` says that income is a logarithm, that
    it is none, or (None) that the user has not said. ``what`` is the user's word for
    what is no income.
    """
    asked = _asked_columns(given, figures)
    plain = _described(frame, figures, labels)
    told = _with_kinds(plain, frame, said, asked.get("income") if logs else None)
    # Figures that the user names are taken as they stand.
    columns = plain if what else told
    people = [column for column in columns.values() if column.counts_people]
    if not asked:
        years = frame["year"] if "year" in frame else pd.Series(0, index=frame.index)
        result = _guessed(
            list(columns.values()), people, logs, what, said.series, years
        )
    elif "income" in asked:
        income = columns[asked["income"]]
        if income.kind:
            named = [columns[asked["population"]]] if "population" in asked else people
            raise _no_income(income, named, asked=True)
        result = _asked({"column": income.name}, columns, logs)
    else:
        result = _asked(asked, columns, logs)
    chosen = told.get(result.columns.get("column", ""))
    result = replace(result, kind=chosen.kind if chosen else "")
    if set(asked) == {"income", "population"}:
        return _with_population(result, columns[asked["population"]], columns)
    return _with_word_of_weights(result, people)


def _described(
    frame: pd.DataFrame, figures: Sequence[str], labels: Mapping[str, str]
) -> dict[str, Figures]:
    numbers = {
        name: values
        for name in figures
        if (values := numbers_of(frame[name])) is not None
    }
    columns = dict[str, Figures]()
    for name, values in numbers.items():
        label = labels.get(name, "")
        sign = logarithm_sign(name, label, values) or _log_of_another(name, numbers)
        # Growth is above zero in most years, the logarithm of a part of one never.
        if not sign and sureness(name) and values.min() >= -15 and values.max() < 0:
            sign = BELOW_ZERO
        columns[name] = Figures(name, label, values, sign)
    return columns


def _log_of_another(name: str, numbers: Mapping[str, pd.Series]) -> str:
    """Return of which column the figures are the logarithm; blank if of none."""
    for other, levels in numbers.items():
        if other == name or levels.min() <= 0:
            continue
        logs = np.log(levels)
        # Nearly all cells agree with the other column's logarithm but for rounding.
        near = (numbers[name] - logs).abs().dropna()
        if len(near) > 2 and near.quantile(0.95) < 2e-3 and logs.std() > 0:
            return f"it is that of {other}"
    return ""


def _with_kinds(
    columns: Mapping[str, Figures],
    frame: pd.DataFrame,
    said: Said,
    logged: str | None,
) -> dict[str, Figures]:
    """Say of figures that are no income per head what they are; the user says that those
    of ``logged`` are logarithms.
    """
    rest = [column for column in columns.values() if not column.says_people]
    people = [column for column in columns.values() if column.counts_people]
    kinds = dict[str, Figures]()
    for column in rest:
        if column.log_sign == BELOW_ZERO:
            continue
        alone = len(rest) == 1
        texts = [column.name, column.label, *(said.of_one if alone else ())]
        texts += [said.measure, *(said.series.values() if alone else ())]
        # A logarithm lies below zero where its level lies below one.
        is_logged = column.name == logged and column.may_be_logged
        levels = np.exp(column.values) if is_logged else column.values
        kind = other_kind(texts, levels, said.around if alone else ())
        if alone and not kind and not sureness(column.name):
            kind = counted_kind([*said.of_one, *said.series.values()])
        # No mean of others is their sum, whatever it is called.
        kind = kind or said.sums.get(column.name, "")
        may_be = alone or any(map(WORDS.money.search, texts))
        if not kind and may_be and "year" in frame:
            kind = spread_kind(texts, column.values, frame["year"])
            moving = [
                one.name
                for one in people
                if moves_with_people(texts, column.values, one.values, frame["year"])
            ]
            if moving and not kind:
                kind = f"{TOTAL}, since it is larger one for one with {moving[0]}"
        kind = kind or said.bases.get(column.name, "")
        kinds[column.name] = replace(column, kind=kind)
    return {**columns, **kinds}


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


def _with_word_of_weights(
    result: IncomeColumns, people: list[Figures]
) -> IncomeColumns:
    """Say how the only column of people would weigh units, where income is a column."""
    income = result.columns.get("column", "")
    if len(people) != 1 or income in {"", TODO, people[0].name}:
        return result
    # Whether people should weigh is the user's to say: it moves every average.
    return replace(result, people=people[0].name)


def _no_income(
    income: Figures, people: list[Figures], asked: bool = False
) -> IngestError:
    """Say why figures are no income per head, and what makes one of them."""
    column = f"--income {quote(income.name)} " if asked else ""
    insist = f"{column}--what {quote(_word_for(income))} to study it as it stands"
    if len(people) == 1 and income.is_total:
        divide = f"--output {quote(income.name)} --population {quote(people[0].name)}"
        if not income.says_money:
            divide += f" --what {quote(f'{_in_words(income.name)} per head')}"
        insist = f"{divide}, or {insist}"
    by_name = income.is_total and ", by " in income.kind
    scaled = (WORDS.millions, WORDS.thousands)
    said = income.kind.replace("_", " ")
    if by_name and not any(words.search(said) for words in scaled):
        insist += ", or --measure 'MONEY per head' if it is per head"
    return IngestError(
        f"{income.name} is {income.kind}", "income per head", f"give {insist}"
    )


def _in_words(name: str) -> str:
    return name.replace("_", " ").strip()


def _word_for(column: Figures) -> str:
    """Return what figures that are no income per head may be called: by the text that
    says what they are, if it is short, else by their kind.
    """
    said = re.search(r", by '(.*)'$", column.kind)
    text = _in_words(said[1]) if said else ""
    if not column.is_total:
        bare = without_brackets(text).strip()
        named = bare if " " in bare and len(bare) <= LONGEST_WORD else ""
        # Capitals stay where they are short for words.
        named = named if named[:2].isupper() else named[:1].lower() + named[1:]
        return named or column.kind.partition(",")[0].split(" ", 1)[1]
    if WORDS.counted.search(text) and len(text) <= LONGEST_WORD:
        return text.lower()
    return "output"


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
    result: IncomeColumns, people: Figures, columns: Mapping[str, Figures]
) -> IncomeColumns:
    """Return income per head with the population that weights it: as output, which is
    their product, over population.
    """
    (income,) = result.columns.values()
    levels = numbers_of(result.levels[income]) if income in result.levels else None
    per_head = columns[income].values if levels is None else levels
    output = f"{income}_times_{people.name}"
    return replace(
        result,
        columns={"output": output, "population": people.name},
        levels={**result.levels, output: _written(per_head * people.values)},
        titles={**result.titles, output: f"{income} times {people.name}"},
        messages=[
            *result.messages,
            f"income per head: column {income}; weights: column {people.name};"
            f" {output} is their product",
        ],
    )


def _asked(
    choice: dict[str, str], columns: Mapping[str, Figures], logs: bool | None
) -> IncomeColumns:
    """Return the columns that the flags name, in levels; ``choice`` has their keys."""
    chosen = {key: columns[name] for key, name in choice.items()}
    suspects = {key: column for key, column in chosen.items() if column.log_sign}
    if logs:
        # Of output and population only what looks like a logarithm is taken back.
        logged = chosen if set(choice) == {"column"} else suspects
        return _exponentiated(choice, logged, columns)
    if suspects and logs is None:
        suspect = next(iter(suspects.values()))
        raise IngestError(
            f"{suspect.name} looks like a logarithm ({suspect.log_sign})",
            "income in levels, of which logarithms are taken",
            "give --log to take it as a logarithm, or --level if it is none",
        )
    if suspects:
        return _as_it_stands(choice, suspects, columns)
    messages = [
        f"{column.name} may be a logarithm, {column.range_sign} ({column.span}): give"
        " --log if it is one"
        for column in chosen.values()
        if logs is None and column.range_sign
    ]
    return IncomeColumns(choice, messages)


def _exponentiated(
    choice: dict[str, str], logged: Mapping[str, Figures], taken: Iterable[str]
) -> IncomeColumns:
    """Return income whose logarithms are taken back."""
    result = IncomeColumns(dict(choice), [])
    for key, column in logged.items():
        name, values = column.name, column.values
        if not column.may_be_logged:
            raise IngestError(
                f"{name} is no logarithm of income ({column.span})",
                "figures between -15 and 40 with --log",
                "leave --log out, or name another column with --income",
            )
        base = 10.0 if WORDS.base_ten.search(column.text) else float(np.e)
        powers = base**values
        power = f"{'10' if base == 10 else 'e'} to the power of {name}"
        level = _level_name(name, taken)
        result.levels[level] = _written(powers)
        result.columns[key] = level
        result.titles[level] = power
        result.messages.append(
            f"{level} is {power}, since --log says that this is a logarithm"
            f" ({_span(powers)})"
        )
    return result


def _as_it_stands(
    choice: dict[str, str], named: Mapping[str, Figures], taken: Iterable[str]
) -> IncomeColumns:
    """Return income under a name that does not say logarithm."""
    result = IncomeColumns(dict(choice), [])
    for key, column in named.items():
        level = _level_name(column.name, taken, "level")
        result.levels[level] = _written(column.values)
        result.columns[key] = level
        result.titles[level] = column.name
        result.messages.append(
            f"{level} is {column.name} as it stands, since --level says so"
        )
    return result


def _level_name(name: str, taken: Iterable[str], otherwise: str = "exp") -> str:
    """Return a name without its sign of a logarithm, or with ``otherwise`` before it
    where nothing is left or the rest is taken.
    """
    bare = without_sign(name)
    return bare if bare and bare not in taken else f"{otherwise}_{name}"


def without_brackets(text: str) -> str:
    """Return a text without what stands in brackets, in brackets of brackets, too."""
    while (bare := WORDS.brackets.sub("", text)) != text:
        text = bare
    return text


def without_sign(name: str) -> str:
    """Return a name without its sign of a logarithm, as log_gdp and gdp (log) have it."""
    bare = of_logarithm(name)
    if bare == name:
        bare = re.sub(r"^(log_?10|ln|log|l)[ _.(-]*", "", name, flags=re.IGNORECASE)
        bare = re.sub(r"[ _.(](ln|log)\)?$", "", bare, flags=re.IGNORECASE)
    bare = bare.strip(" _.")
    return bare if bare.count("(") == bare.count(")") else bare.strip(" _.()")


def of_logarithm(text: str) -> str:
    """Return what a label or a unit in words is the logarithm of: `GRP (baht)` of
    `GRP (log of baht)`; any other text as it is.
    """
    inside = r"(?P<inside>(?:[^()]|\([^()]*\))*)"  # brackets in brackets, too
    whole = rf"(?:{WORDS.logarithm.pattern})\s*\({inside}\)"
    bare = re.sub(whole, r"\g<inside>", text, flags=re.IGNORECASE)
    bare = WORDS.logarithm.sub(" ", bare)
    if bare == text:
        return text
    bare = re.sub(r"[(\[（]\s*[)\]）]", "", bare)  # brackets with nothing left in them
    bare = re.sub(r"([(\[（])\s+", r"\1", bare)
    bare = re.sub(r"[\s,;:]+([)\]）])", r"\1", bare)
    return " ".join(bare.split()).strip(" ,;:-–—")


def _says_money(name: str) -> bool:
    """Say whether the name of a logarithm is that of money or a usual short name."""
    return bool(
        WORDS.money.search(name) or WORDS.short_income.fullmatch(without_sign(name))
    )


def _written(values: pd.Series) -> pd.Series:
    """Return numbers as the text of a table."""
    return pd.Series([number_text(value) for value in values], index=values.index)


def _asked_logarithm(
    logged: list[Figures], names: Sequence[str]
) -> IncomeColumns | None:
    """Return the logarithm that --log asks for: the one named as money, or the only one;
    none where several may be meant.
    """
    if not logged:
        raise IngestError(
            "--log, and no column is a logarithm by its name or its figures",
            "a column of logarithms of income",
            "name it with --income, or leave --log out",
        )
    chosen = [column for column in logged if _says_money(column.name)] or logged
    if len(chosen) > 1:
        return None
    choice = {"column": chosen[0]}
    return _exponentiated({"column": chosen[0].name}, choice, names)


def _guessed(
    columns: list[Figures],
    people: list[Figures],
    logs: bool | None,
    what: str,
    series: Mapping[str, str],
    years: pd.Series,
) -> IncomeColumns:
    """Return the columns of income by names, labels and figures, surest signs first."""
    names = [column.name for column in columns]
    logged = [column for column in columns if column.is_logged and logs is not False]
    levels = [c for c in columns if c not in logged and c.may_be_level]
    rest = [column for column in levels if column not in people]
    incomes, output = _incomes_and_output(rest)
    if logs:
        exponentiated = _asked_logarithm(logged, names)
        if exponentiated is not None:
            return exponentiated
    # No income per head: output over people.
    if not incomes and len(output) == 1 and len(people) == 1:
        return _divided(output[0], people[0], years, what)
    # Reached only with --level: else a column of such a name is not among these.
    if len(incomes) == 1 and incomes[0].log_sign:
        return _as_it_stands({"column": incomes[0].name}, {"column": incomes[0]}, names)
    if len(incomes) == 1:
        by_name = sureness(incomes[0].name)
        why = "by its name" if by_name else f"by its label '{incomes[0].label}'"
        return _chosen(incomes[0], why, sureness(incomes[0].text) == 2)
    # No single income: refuse if all is known to be something else, else take a lone
    # column.
    others = [column for column in columns if column not in people]
    if others and all(column.kind for column in others):
        totals = [column for column in others if column.is_total]
        raise _no_income((totals or others)[0], people)
    # Named as income but no level, say for cells at or below zero: it is taken, and
    # `_not_positive` (guess.py) names these cells.
    if len(others) == 1 and not rest and sureness(others[0].name) and not logged:
        return _chosen(others[0], "by its name", False)
    if what and len(others) == 1 and not logged:
        return _chosen(others[0], "the only figures", False)
    if len(others) == 1 and rest == others and not people:
        if others[0].log_sign:
            alone = {"column": others[0]}
            return _as_it_stands({"column": others[0].name}, alone, names)
        # What a column says of all figures is no income, as far as is known.
        known = [others[0].text, *series.values()]
        if not series or any(map(sureness, known)):
            return _chosen(others[0], "the only figures", False)
        called = " and ".join(f"{name} calls {text}" for name, text in series.items())
        name = others[0].name
        message = (
            f"income is not clear: perhaps {name}, which {called}: give --income"
            f" {quote(name)} if that is income per head, or --what WORDS (what it is)"
        )
        return IncomeColumns({"column": TODO}, [message], perhaps=[name])
    # Not clear: the user is told what may be meant.
    output_first = [*output, *(column for column in rest if column not in output)]
    neither = [column for column in others if column not in logged]
    found = incomes or output_first or neither
    perhaps = _candidates(found, neither, [] if logged else people)
    # An example is one that may be meant, or there is none.
    plausible = [
        column
        for column in perhaps
        if column in levels
        and not column.kind
        and (sureness(column.name) or sureness(column.label))
    ]
    plausible.sort(key=_likeliness, reverse=True)
    workers = [column for column in rest if WORDS.workers.fullmatch(column.name)]
    outputs = [] if incomes else output
    flags = _example(plausible, outputs, people or workers, perhaps)
    return _unclear(perhaps, flags, logged, _passed_over(columns))


def _divided(
    whole: Figures, heads: Figures, years: pd.Series, what: str
) -> IncomeColumns:
    """Return output over people; refuse what is per head already, or no money."""
    if not whole.is_total and per_head_already(whole.values, heads.values, years):
        raise IngestError(
            f"{whole.name} may be per head already, since it is no larger where"
            f" {heads.name} is",
            "income per head, or output of all people",
            f"give --income {quote(whole.name)} if it is per head, or --output"
            f" {quote(whole.name)} --population {quote(heads.name)} to divide it",
        )
    if not whole.says_money and not what:
        raise _no_income(whole, [heads])
    why = f", since {whole.name} is {whole.kind}" if whole.kind else ""
    message = (
        f"income: {whole.name} over {heads.name}, by their names{why} (--output,"
        " --population, --income)"
    )
    return IncomeColumns({"output": whole.name, "population": heads.name}, [message])


def _example(
    plausible: list[Figures],
    output: list[Figures],
    heads: list[Figures],
    perhaps: list[Figures],
) -> str:
    """Return flags that may be meant: output per head or worker, people alone, or the
    likeliest column; blank where there are none.
    """
    if output and heads:
        return f"--output {quote(output[0].name)} --population {quote(heads[0].name)}"
    if perhaps == heads and len(heads) == 1:
        return f"--income {quote(heads[0].name)} --what population"
    return f"--income {quote(plausible[0].name)}" if plausible else ""


def _candidates(
    found: list[Figures], neither: list[Figures], people: list[Figures]
) -> list[Figures]:
    """Return the columns that may be meant: those of money, or else all figures, rates and
    counts of people last.
    """
    if any(sureness(c.name) or sureness(c.label) for c in found):
        return found
    varied = [c for c in neither if not c.values.dropna().isin([0, 1]).all()]
    levels = [c for c in varied if not c.kind]
    rates = [c for c in varied if c.kind]
    # Neither classes, as fifths of units, nor what is no level above zero is likely meant.
    levels.sort(key=lambda c: (c.values.nunique() <= MOST_CLASSES, c not in found))
    return [*levels, *people, *rates]


def _passed_over(columns: list[Figures]) -> list[str]:
    """Say which columns of money are no income per head, those of one reason together."""
    names = dict[str, list[str]]()
    for column in columns:
        if column.kind and WORDS.money.search(column.name):
            names.setdefault(column.kind.partition(",")[0], []).append(column.name)
    return [
        f"{' and '.join(same)} {'is' if len(same) == 1 else 'are each'} {kind}, so not"
        " taken for income per head"
        for kind, same in names.items()
    ]


def _likeliness(column: Figures) -> tuple[bool, bool, bool]:
    """Say how likely a column is what a study compares: of the whole and not of a part, in
    one currency, at constant prices.
    """
    text = column.text
    return (
        bool(WORDS.income_start.match(column.name)),
        not WORDS.local_currency.search(text),
        bool(WORDS.real_prices.search(column.name) or WORDS.real_prices.search(text)),
    )


def _incomes_and_output(rest: list[Figures]) -> tuple[list[Figures], list[Figures]]:
    """Return the columns that may be income per head, and those of output as a whole."""
    output = [
        column
        for column in rest
        if column.is_total
        or (
            WORDS.money.search(column.text)
            and not WORDS.per_head.search(column.text)
            and not WORDS.income.search(column.text)
        )
    ]
    money = [one for one in output if WORDS.money.search(one.text)]
    output = money or output
    others = [column for column in rest if column not in output and not column.is_total]
    by_name = [column for column in others if sureness(column.name)]
    incomes = by_name or [column for column in others if sureness(column.label)]
    # Of several the one at constant prices, as its label says, and the one per head.
    real = [
        one
        for one in output
        if WORDS.constant_prices.search(one.text) and WORDS.money.search(one.text)
    ]
    per_head = [one for one in incomes if WORDS.per_head.search(one.text)]
    return (
        per_head if len(per_head) == 1 else incomes,
        real if len(real) == 1 else output,
    )


def _unclear(
    perhaps: list[Figures], flags: str, logged: list[Figures], messages: list[str]
) -> IncomeColumns:
    """Return that the user has to choose, what was passed over, and flags to try."""
    for column in logged:
        name = column.name
        money = _says_money(name)
        # No flag is named for a column that says nothing of income.
        hint = f": give --income {quote(name)} --log if it is one, or --level if not"
        if money or column is logged[0]:
            messages.append(
                f"{name} looks like a logarithm ({column.log_sign or column.range_sign}),"
                f" so it is not taken for income{hint if money else ''}"
            )
    # What else is money or may be: capital, consumption, employment only if nothing is.
    sure = [c for c in perhaps if sureness(c.name) or sureness(c.label)]
    names = [column.name for column in sure or perhaps]
    shown = names
    money_logs = [column.name for column in logged if _says_money(column.name)]
    if money_logs and not any(c.may_be_level for c in perhaps):
        shown = [f"{name}, as a logarithm" for name in money_logs]
        flags = f"--income {quote(money_logs[0])} --log"
    example = f" (for example {flags})" if flags else ""
    perhaps_these = f"perhaps {first_examples(shown, 6)}{example}"
    none = "no column looks like it; name what is studied with its column and --what"
    messages.append(f"income is not clear: {perhaps_these if shown else none}")
    return IncomeColumns({"column": TODO}, messages, perhaps=names)


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


def _chosen(column: Figures, why: str, sure: bool) -> IncomeColumns:
    guess = " (--income)" if sure else "; a guess: if it is another, give --income"
    message = f"income per head: column {column.name}, {why} ({column.span}){guess}"
    return IncomeColumns({"column": column.name}, [message])


def _span(values: pd.Series) -> str:
    ends = [
        f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
        for value in (values.min(), values.max())
    ]
    return " to ".join(ends)
