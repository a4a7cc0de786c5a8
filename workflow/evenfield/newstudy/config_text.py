"""config.yaml of a new study: what it is about, which questions its years can carry, and
as comments what may come next.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evenfield.newstudy.income_column import of_logarithm
from evenfield.newstudy.new_study import NewStudy
from evenfield.newstudy.wording import UNKNOWN
from evenfield.newstudy.words import WORDS
from evenfield.shared.topics import read_topics, with_measure
from evenfield.study.config_files import TODO
from evenfield.study.files import Record

OWN_WEIGHTS = (
    "# weights: {primary: own, families: {own: {kind: file, path: data/weights.csv}}}  #"
    " edge list, square table, GAL; beside others named by `weights: own` of a"
    " specification"
)
NO_GROUPS = (
    "# zones (unit, type, first year) and clusters: run new with --zones FILE,"
    " --clusters FILE"
)
# What a topic may lack, by the words of topic.yaml: how a study gets it, and what stands
# for it in the comment until then.
LACKING: dict[str, Any] = yaml.load(
    Path(__file__).with_name("lacking.yaml").read_text(encoding="utf-8"),
    yaml.CSafeLoader,
)
# ASSUME: whoever got a policy may reach neighbours and theirs, and no farther.
RINGS = [{"of": "income", "radii": [1, 2], "distance": "steps"}]

# Of the section `event_study`, which has these if nothing else is said.
USUAL_LEADS = 4
USUAL_HORIZONS = 5
FEWEST_WITHOUT = 10  # units on no list


def config_text(study: NewStudy) -> str:
    """Return config.yaml, each topic on a line with what it asks."""
    guessed = study.guessed
    options = study.options
    units = study.tables["units"]
    first, last = guessed.years
    steps = (last - first) // guessed.step
    one, several = unit_words(options.unit_name, guessed.unit_name)
    column = guessed.income.get("column", "")
    candidates = ", ".join(guessed.perhaps or guessed.panel.columns[2:])
    todo = f"  # one of: {candidates}" if column == TODO else ""
    asked = of_logarithm(options.measure or "") if options.log else options.measure
    measure = asked or guessed.measure or UNKNOWN
    scaled = guessed.scale != 1 and not options.measure
    scale = {"scale": guessed.scale} if scaled else {}
    measured = {**scale, "unit": measure}
    periods = _periods(first, guessed.step, steps)
    what = guessed.what
    title = options.title or with_measure(what, f"Income of {several}, {{years}}")
    question = (
        f"Did poorer {several} catch up with richer ones, and did income become more"
        " alike?"
    )
    lines = [
        "# docs/config.md explains every key. After a change: python3 run check"
        " --directory FOLDER",
        f"study:\n  id: {_identifier(options.folder.name)}",
        f"  title: {_flow(title)}",
        f"  question: {_flow(with_measure(what, question, guessed.kind))}",
        f"  what: {_flow(what)}" if what else "",
        f"  kind: {guessed.kind}" if guessed.kind and what else "",
        f"  unit_name: {_flow(one)}\n  units_name: {_flow(several)}"
        if one != "unit"
        else "",
        _whose(options.whose, several),
        "data: {package: data/datapackage.json}",
        f"panel:\n  years: [{first}, {last}]\n  step: {guessed.step}",
        f"  income: {_flow({**guessed.income, **measured})}{todo}",
        *_computed_income(study, column, measure),
        f"  # leave_out: {_flow([units['unit'].iloc[0]])}  # units that the study is made"
        " without",
        f"  # samples: {_flow({'all': [], 'some': [units['unit'].iloc[0]]})}  # without"
        " these units (ids, names, COLUMN=VALUE) where a specification has `sample: some`",
        f"periods: {_flow(periods)}",
        study.weights or _nearest(study),
        OWN_WEIGHTS,
        study.taxonomy or NO_GROUPS,
        *_control(study),
        *_estimates(study, steps, list(periods)[1:] or ["S1"]),
    ]
    return "\n".join(filter(None, lines)) + "\n"


def _whose(asked: str, several: str) -> str:
    """Return whose figures headlines speak of; as a comment where the user does not say."""
    if asked:
        return f"  whose: {_flow(asked)}"
    return f"  # whose: {_flow(f'the {several} of COUNTRY')}  # as headlines say it"


def _periods(first: int, step: int, steps: int) -> dict[str, dict[str, Any]]:
    """Return the whole span, and as many periods as leave each five steps, at most
    three.
    """
    last = first + step * steps
    count = 2 if steps >= 10 else 0
    if steps >= 24:
        count = 3
    parts = [round(steps * part / count) for part in range(count + 1) if count]
    periods = {
        "S1": {
            "start": first,
            "end": last,
            "role": "span",
        }
    }
    for number, (start, end) in enumerate(pairwise(parts), 1):
        periods[f"P{number}"] = {
            "start": first + step * start,
            "end": first + step * end,
        }
    return periods


def unit_words(asked: str, guessed: str) -> tuple[str, str]:
    """Return what one unit is called and what several are; the user may give either, or
    both: comunidad autónoma/comunidades autónomas.
    """
    word = asked.strip() or guessed
    if "/" in word:  # one and several, as the language has them
        one, _, several = word.partition("/")
        return one.strip(), several.strip()
    if " and " in asked and asked.endswith("s"):  # states and union territories
        return " or ".join(unit_words(one, "")[0] for one in asked.split(" and ")), word
    if asked.endswith("ies"):
        return f"{word[:-3]}y", word
    if asked.endswith("s") and not asked.endswith("ss"):
        return word[:-1], word
    # county, counties; but key, keys.
    plural = " and ".join(map(_plural, word.split(" or ")))
    return word, plural


def _plural(word: str) -> str:
    if re.search("[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search("(?:[sxz]|[cs]h)$", word) else f"{word}s"


def _computed_income(study: NewStudy, column: str, measure: str) -> list[str]:
    """Return income as an expression, as a comment, where both columns can be named."""
    other = control_column(study)
    if not column.isidentifier() or not other:
        return []
    entry = {"column": f"{column} / {other}", "unit": measure}
    return [f"  # income: {_flow(entry)}  # instead: an expression of columns"]


def _control(study: NewStudy) -> list[str]:
    """Return a control as a comment: figures beside income, else groups of units."""
    column = control_column(study)
    entry = {"kind": "initial", "expression": column, "label": column}
    means = "its value when a period begins"
    if not column and study.groups:
        column = study.groups[0]
        entry = {"kind": "groups", "column": column, "label": column}
        means = "units of one group are compared"
    if not column:
        return []
    return [f"# controls: {_flow({_identifier(column): entry})}  # {means}"]


def control_column(study: NewStudy) -> str:
    """Return a column of figures that every unit has in every year and that an expression
    can name, rather not of people; blank if there is none.
    """
    panel = study.tables["panel"]
    first, last = study.guessed.years
    inside = panel[panel["year"].between(first, last)]
    taken = {"unit", "year", *study.guessed.income.values()}
    whole = [
        name
        for name in map(str, panel)
        if name not in taken and name.isidentifier() and inside[name].ne("").all()
    ]
    whole.sort(key=lambda name: bool(WORDS.people.match(name)))
    return next(iter(whole), "")


def _nearest(study: NewStudy) -> str:
    units = study.tables["units"]
    if (
        "adjacency" in study.tables
        or not {"lat", "lon"} <= set(units)
        or (units[["lat", "lon"]] == "").any(axis=None)
    ):
        return ""
    count = min(5, len(units) - 1)
    return (
        f"weights: {{primary: nearest{count}, families: {{nearest{count}: {{kind:"
        f" nearest, neighbours: {count}}}}}}}"
    )


def _estimates(study: NewStudy, steps: int, periods: list[str]) -> list[str]:
    control = control_column(study) or next(iter(study.groups), "")
    compared = _compared(study)
    people = "population" in study.guessed.income
    values = {
        "$taxonomies": study.taxonomies or None,
        "$taxonomy": "own" if len(compared) > 1 else None,
        "$compare": compared or None,
        "$weights": _primary_weights(study),
        "$periods": periods,
        "$span": "S1",
        "$groupings": study.groups or None,
        "$grouping": study.groups[0] if study.groups else None,
        "$policies": True if "policies" in study.tables else None,
        "$leads": _leads(study),
        "$horizons": _horizons(study),
        "$placement": _placement(study),
        "$rings": RINGS if "adjacency" in study.tables else None,
        # ASSUME: a policy is of a whole unit, as a law is, and no place to be near; who
        # knows of a place takes the comment on.
        "$lists": None,
        "$step": study.guessed.step,
        "$ten_steps": 10 * study.guessed.step,
        "$long_step": min(10, max(steps // 2, 1)) * study.guessed.step,
        "$control": _identifier(control) if control else None,
        # ASSUME: people are counted alike, not units, where people are known.
        "$weighting": "population" if people else "unweighted",
        "$unweighted": "unweighted" if people else None,
    }
    examples = {word: lack.get("example", word) for word, lack in LACKING.items()}
    examples["$lists"] = _nearby(study) or examples["$lists"]
    lines = ["estimates:"]
    not_asked = dict[str, list[str]]()
    for name, topic in read_topics().items():
        start = topic.start
        if start is None:
            continue
        lacking = [word for word in start.needs if values[word] is None]
        short = list[str]()
        if steps < start.steps:
            short.append(f"with {start.steps} steps between years or more")
        if len(study.tables["units"]) < start.units:
            short.append(f"with {start.units} units or more")
        if short and not lacking:
            not_asked.setdefault(" and ".join(short), []).append(name)
        later = [*(LACKING[word]["get"] for word in lacking), *short]
        mark = "# " if later else ""
        asks = " ".join([start.asks, *(f"({reason})" for reason in later)])
        section = _with_values(start.section, {**examples, **_known(values)})
        if not later:
            section = _specs_once(_with_values(start.section, values))
            asked = [spec for spec in start.beside if _has_its_words(spec, values)]
            section = [*section, *_with_values(asked, values)] if asked else section
        lines.append(f"  {mark}{name}: {_flow(section)}  # {asks}")
        # Another specification takes the place of the line above, as a comment.
        if start.more and control:
            both = [*section, *_with_values(start.more, values)]
            lines.append(
                f"  # {name}: {_flow(both)}  # instead, with the control above"
            )
    reasons = [f"{', '.join(names)} (only {why})" for why, names in not_asked.items()]
    if reasons:
        study.messages.append(f"not asked: {'; '.join(reasons)}")
    return [*lines, "exhibits: auto"]


def _compared(study: NewStudy) -> list[str]:
    """Return the groups that the study's own taxonomy has, and their difference."""
    if not study.taxonomy:
        return []
    table = study.tables["taxonomies/own"]
    groups = [name for name in ("cluster", "sez") if table[name].nunique() > 1]
    return [*groups, "cluster - sez"] if len(groups) > 1 else groups


def _primary_weights(study: NewStudy) -> str | None:
    written = study.weights or _nearest(study)
    if "primary" in written:
        return str(yaml.safe_load(written)["weights"]["primary"])
    return "contiguity" if "adjacency" in study.tables else None


def _leads(study: NewStudy) -> int | None:
    """Return fewer leads than usual where no unit with a policy has as many years before
    it and one more to compare them with.
    """
    dates = _policy_years(study)
    if not len(dates):
        return None
    before = (int(dates.max()) - study.guessed.years[0]) // study.guessed.step
    fewest = max(before - 1, 1)
    return fewest if fewest < USUAL_LEADS else None


def _horizons(study: NewStudy) -> int | None:
    """Return a nearer last year after the policy where none is as late as usual."""
    dates = _policy_years(study)
    if not len(dates):
        return None
    after = (study.guessed.years[1] - int(dates.min())) // study.guessed.step
    return max(after, 1) if after < USUAL_HORIZONS else None


def _policy_years(study: NewStudy) -> np.ndarray:
    """Return the first years of policies after the first year of the panel."""
    policies = study.tables.get("policies")
    if policies is None:
        return np.zeros(0)
    first, last = study.guessed.years
    years = policies["first_year"].astype(float)
    return years[years.gt(first) & years.le(last)].to_numpy()


def _placement(study: NewStudy) -> list[dict[str, Any]] | None:
    """Return levels in the first year of the panel, where no policy came by then."""
    first = study.guessed.years[0]
    policies = study.tables.get("policies")
    if policies is None or policies["first_year"].astype(int).min() <= first:
        return None
    spec = {"id": "level", "outcome": "income", "year": first}
    within = {"within": study.groups[0]} if study.groups else {}
    return [{**spec, **within, "role": "primary"}]


def _nearby(study: NewStudy) -> Record | None:
    """Return the two kinds of policies with the most units as lists, or the one there
    is, and which units lie near them.
    """
    policies = study.tables.get("policies")
    if policies is None or not _ends_are_known(study):
        return None
    reach = _reach(study)
    if not reach:
        return None
    units = study.tables["units"]["unit"]
    holders = policies[policies["unit"].isin(units)].groupby("kind")["unit"]
    kinds = list(holders.nunique().sort_values(ascending=False, kind="stable").index)
    chosen = sorted(kinds[:2])
    on_some = units.isin(policies.loc[policies["kind"].isin(chosen), "unit"])
    # ASSUME: ten units without a policy, or there is nobody to compare.
    if not chosen or (~on_some).sum() < FEWEST_WITHOUT:
        return None
    names = [_identifier(kind) for kind in chosen]
    lists = {name: {"kinds": [kind]} for name, kind in zip(names, chosen, strict=True)}
    spec = {"id": "near", "lists": names, "outcome": "income"}
    within = {"within": study.groups[0]} if study.groups else {}
    return {
        "years": list(study.guessed.years),
        **reach,
        "lists": lists,
        "outcomes": {"income": {"expression": "log_income", "label": "income"}},
        "specs": [{**spec, **within, "role": "primary"}],
    }


def _reach(study: NewStudy) -> Record:
    """Return how near is near: next to it, else the typical distance to the fifth unit."""
    if "adjacency" in study.tables:
        return {"radius": 1, "distance": "steps"}
    units = study.tables["units"]
    if not {"lat", "lon"} <= set(units) or (units[["lat", "lon"]] == "").any(axis=None):
        return {}
    from evenfield.numerics.spatial import haversine_km

    apart = haversine_km(*units[["lat", "lon"]].astype(float).to_numpy().T)
    fifth = np.sort(apart, axis=1)[:, min(5, len(units) - 1)]
    return {"radius": float(f"{np.median(fifth):.1g}")}


def _ends_are_known(study: NewStudy) -> bool:
    """Say whether every unit has an income in the first and in the last year."""
    panel = study.tables["panel"]
    columns = [name for name in study.guessed.income.values() if name in panel]
    ends = panel[panel["year"].isin(study.guessed.years)]
    whole = ends[(ends[columns] != "").all(axis=1)]
    return len(whole) == 2 * len(study.tables["units"])


def _specs_once(section: Any) -> Any:
    """Leave out a specification that without what the study lacks asks what another one
    does.
    """
    if not isinstance(section, dict) or "specs" not in section:
        return section
    kept = dict[str, Any]()
    for spec in section["specs"]:
        asked = {key: value for key, value in spec.items() if key not in {"id", "role"}}
        kept.setdefault(repr(asked), spec)
    return {**section, "specs": [*kept.values()]}


def _has_its_words(spec: Record, values: Mapping[str, Any]) -> bool:
    """Say whether each word of a specification has a value."""
    words = [word for word in spec.values() if isinstance(word, str) and word in values]
    return all(values[word] is not None for word in words)


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {word: value for word, value in values.items() if value is not None}


def _with_values(node: Any, values: Mapping[str, Any]) -> Any:
    """Put values in place of their words; a key whose value the study lacks is left
    out.
    """
    if isinstance(node, list):
        return [_with_values(item, values) for item in node]
    if isinstance(node, dict):
        filled = {key: _with_values(item, values) for key, item in node.items()}
        return {key: item for key, item in filled.items() if item is not None}
    return values.get(node, node)


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice, not as an alias of the first."""

    def ignore_aliases(self, _node: Any) -> bool:
        return True


def _flow(value: Any) -> str:
    text = yaml.dump(
        [value],
        Dumper=_Plain,
        allow_unicode=True,
        default_flow_style=True,
        sort_keys=False,
        width=10**6,
    )
    return text.strip().removeprefix("[").removesuffix("]")


def _identifier(name: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return text if re.match("[A-Za-z]", text) else f"study_{text}".rstrip("_")
