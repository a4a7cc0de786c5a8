"""What the page of a new study will say, each choice with the flag that changes it: what
`run new` ends with.
"""

from collections.abc import Iterator
from shlex import quote

from evenfield.newstudy.new_study import NewStudy
from evenfield.newstudy.unit_names import former_states, named_units
from evenfield.newstudy.wording import UNKNOWN
from evenfield.shared.topics import with_measure
from evenfield.study.config_files import TODO
from evenfield.study.errors import first_examples
from evenfield.study.files import Record

SHOWN_UNITS = 3
SHOWN_LEFT_OUT = 3
SHOWN_GROUPS = 2  # of each column that groups units
SHOWN_TREATED = 9  # units with a policy, zones or clusters
WIDTH = 58  # letters of a line before its flags
MOST_FLAGS = 64  # letters of the flags; longer ones are shortened
# The flag that changes why units were left out, by the reason.
FLAG_OF_REASON = {"totals of others": "--keep-totals", "gaps": "--drop-incomplete"}


def summary(study: NewStudy, config: Record) -> list[str]:
    """Return a line for each choice that shapes the page, with its flags filled in."""
    lines = ["", "Your page will say:"]
    for text, flags in _choices(study, config):
        lines.append(f"  {text:<{WIDTH}}  {flags}".rstrip())
    lines.append(
        "Each line ends with the flags that change it: give them with --again, or change"
        " config.yaml."
    )
    return lines


def _choices(study: NewStudy, config: Record) -> Iterator[tuple[str, str]]:
    """Yield each choice in words and the flags that change it, in the order of a page."""
    income = config["panel"]["income"]
    yield f'"{_title(config)}"', "--title TEXT"
    yield _whose(study, config["study"])
    yield _income(study, config["study"], income)
    yield _units(study, config["study"])
    yield _years(study, config["panel"])
    yield _groups(study)
    yield _map(study)
    yield _neighbours(study)
    yield from _weights(study, income)
    yield from _left_out(study)
    if "policies" in study.tables:
        yield _with_policy(study), ""
    if "taxonomies/own" in study.tables:
        yield _with_labels(study), ""


def _title(config: Record) -> str:
    """Return the title as the page prints it."""
    first, last = config["panel"]["years"]
    return str(config["study"]["title"]).replace("{years}", f"{first}–{last}")


def _whose(study: NewStudy, words: Record) -> tuple[str, str]:
    """Return whose figures headlines speak of."""
    count = len(study.tables["units"])
    whose = words.get("whose") or f"{count:,} {words.get('units_name', 'units')}"
    headline = with_measure(words.get("what", ""), f"Incomes of {whose}: ...")
    return f"headlines: {headline}", f"--whose {quote(whose)}"


def _income(study: NewStudy, words: Record, income: Record) -> tuple[str, str]:
    """Return what is studied, which is income where nothing else is said."""
    if income.get("column") == TODO:
        return "income: still to be named", "--income COLUMN"
    return _measured(words.get("what", ""), income), _measure_flags(study, income)


def _measured(what: str, income: Record) -> str:
    """Return what is studied with its unit of measure."""
    noun = what or "income per head"
    return f"{noun[0].upper()}{noun[1:]}, in {income.get('unit', '')}"


def _measure_flags(study: NewStudy, income: Record) -> str:
    """Return flags of what is studied and of its unit of measure, behind that of its
    column if they fit.
    """
    what = study.guessed.what
    # The example is one of income; another figure is hardly in dollars.
    example = "UNIT" if what else "'2015 dollars'"
    unit = quote(income["unit"]) if income.get("unit") != UNKNOWN else example
    flags = f"--what {quote(what) if what else 'WORDS'} --measure {unit}"
    column = _income_flag(study, income)
    return f"{column}{flags}" if len(column + flags) <= MOST_FLAGS else flags


def _income_flag(study: NewStudy, income: Record) -> str:
    """Return the flag of the column of income with a blank behind it, if income is a
    column of the table.
    """
    column = study.options.income or income.get("column", "")
    return f"--income {quote(column)} " if column else ""


def _units(study: NewStudy, words: Record) -> tuple[str, str]:
    """Return how many units there are, with the first few names."""
    names = study.tables["units"]["name"]
    titles = study.guessed.titles
    several = words.get("units_name", "units")
    # A name with a comma would read as two.
    listed = [f"'{name}'" if "," in name else name for name in names]
    examples = first_examples(listed, SHOWN_UNITS)
    name_flag = f"--name {quote(titles['name'])} " if titles.get("name") else ""
    # Where the table has no word for its units, an example of one.
    word = "districts" if several == "units" else quote(several)
    text = f"of {len(names)} {several}: {examples}"
    return text, f"{name_flag}--unit-name {word}"


def _years(study: NewStudy, panel: Record) -> tuple[str, str]:
    """Return first and last year, and how far apart years are."""
    first, last = panel["years"]
    step = panel.get("step", 1)
    every = "every year" if step == 1 else f"every {step} years"
    calendar = study.guessed.calendar
    of = f" --calendar {calendar}" if calendar else ""
    return f"from {first} to {last}, {every}", f"--years {first}:{last}{of}"


def _groups(study: NewStudy) -> tuple[str, str]:
    """Return the columns that group the units, with how many groups each has."""
    if not study.groups:
        return "without groups of units", "--group COLUMN"
    units = study.tables["units"]
    titles = study.guessed.titles
    columns = []
    flags = []
    for column in study.groups:
        count = units[column].nunique()
        examples = first_examples(sorted(set(units[column])), SHOWN_GROUPS)
        columns.append(f"{column} ({count}: {examples})")
        # The command knows a column by the user's name for it.
        flags.append(f"--group {quote(titles.get(column, column))}")
    return f"grouped by {'; '.join(columns)}", " ".join(flags)


def _map(study: NewStudy) -> tuple[str, str]:
    """Return what the map is drawn from: outlines, or else points."""
    if study.outlines:
        return "map: outlines", "--polygons FILE"
    polygons = f"--polygons {study.map_at_hand or 'FILE'}"
    if study.without_outline:
        polygons += f" --leave-out {' '.join(map(quote, study.without_outline))}"
    if _has_coordinates(study):
        titles = study.guessed.titles
        lat, lon = (titles.get(kind, kind) for kind in ("lat", "lon"))
        flags = f"--lat {quote(lat)} --lon {quote(lon)} {polygons}"
        return f"map: points at {lat} and {lon}", flags
    if study.map_at_hand:
        of = "these units"
        lacks = ""
        if study.without_outline:
            units = study.tables["units"]
            of = f"{len(units) - len(study.without_outline)} of {len(units)} units"
            former = former_states(named_units(study.without_outline, units))
            if former:
                lacks = f"; a map of today has no {first_examples(former)}"
        return f"no map yet: outlines of {of} are at hand{lacks}", polygons
    return (
        "no map: outlines and coordinates are not known",
        f"{polygons} --lat COLUMN --lon COLUMN",
    )


def _neighbours(study: NewStudy) -> tuple[str, str]:
    """Return who counts as a neighbour, by the best that is known: weights of the user,
    borders, distances.
    """
    if "kind: file" in study.weights:
        text = "neighbours: the weights of your file"
    elif "adjacency" in study.tables:
        text = f"neighbours: {len(study.tables['adjacency'])} shared borders"
    elif _has_coordinates(study):
        text = "neighbours: the nearest five"
    else:
        text = "no neighbours are known"
    return text, "--weights FILE"


def _has_coordinates(study: NewStudy) -> bool:
    """Say whether the units have coordinates."""
    return {"lat", "lon"} <= set(study.tables["units"])


def _weights(study: NewStudy, income: Record) -> Iterator[tuple[str, str]]:
    """Yield how units are weighted, if the table says it: alike or by their people."""
    guessed = study.guessed
    if "population" not in income and income.get("column") != TODO:
        flags = ""
        if guessed.people:
            income_flag = _income_flag(study, income)
            flags = f"{income_flag}--population {quote(guessed.people)}"
        if len(flags) > MOST_FLAGS:
            flags = "--income COLUMN --population COLUMN"
        yield "every unit counts alike, however many people it has", flags
    elif guessed.titles.get(income.get("output", "")):
        yield f"weighted by {income['population']}", ""


def _left_out(study: NewStudy) -> Iterator[tuple[str, str]]:
    """Yield the units that were left out, by reason."""
    for reason, units in study.guessed.left_out.items():
        examples = first_examples(units, SHOWN_LEFT_OUT)
        text = f"left out: {len(units)} ({reason}): {examples}"
        yield text, FLAG_OF_REASON.get(reason, "")


def _with_policy(study: NewStudy) -> str:
    """Return the units with a policy that has a date, each once."""
    names = _names_by_id(study)
    units = list(dict.fromkeys(study.tables["policies"]["unit"]))
    examples = first_examples([names.get(unit, unit) for unit in units], SHOWN_TREATED)
    return f"{len(units)} with a policy that has a date: {examples}"


def _with_labels(study: NewStudy) -> str:
    """Return the units with zones and those with clusters, by the user's taxonomy."""
    names = _names_by_id(study)
    labels = study.tables["taxonomies/own"]
    parts = []
    for column, word in (("sez", "with zones"), ("cluster", "with clusters")):
        units = [names[unit] for unit in labels.loc[labels[column].eq("1"), "unit"]]
        if units:
            parts.append(f"{len(units)} {word}: {first_examples(units, SHOWN_TREATED)}")
    return "; ".join(parts)


def _names_by_id(study: NewStudy) -> dict[str, str]:
    """Return the name of each unit by its id."""
    return dict(study.tables["units"][["unit", "name"]].to_numpy())
