"""Comparisons of groups as calls of the library."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    Call,
    NoCallError,
    asked_of,
    drawn,
    specification,
    weights_table,
)
from evenfield.shared.contrasts.calls import (
    ESTIMATE,
    contrast_call,
    defined_designs,
    panel_call,
    permuted_call,
    several_call,
)
from evenfield.shared.contrasts.contrasts import printed_methods
from evenfield.shared.contrasts.designs import (
    ContrastDesign,
    GroupContrast,
    contrast_design,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import Estimate
from evenfield.shared.places import (
    NUMBERS,
    Coefficient,
    Note,
    Place,
    SignsAsSaid,
    TableRow,
    same,
)
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.spec import read
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.group_contrasts.estimate import QUESTIONS
from evenfield.topics.group_contrasts.estimate_groups import Groups
from evenfield.topics.group_contrasts.estimate_pooled import SAME
from evenfield.topics.group_contrasts.estimate_programmes import (
    BORDER_STREAM,
    CHANGE,
    MEMBER,
)
from evenfield.topics.group_contrasts.estimate_quotient import (
    END_YEARS,
    labels_from,
    quotient_of,
    shares,
    weighted_quotients,
    without_each,
)
from evenfield.topics.group_contrasts.estimate_ranges import DECIDING
from evenfield.topics.group_contrasts.estimate_spec import IntensitySpec, Section
from evenfield.topics.group_contrasts.estimate_wages import (
    GROUP_YEARS,
    INVESTMENT,
    Regression,
    regressions,
    stream_of,
)

# What the rows of one comparison share that differ by list alone.
COMPARISON = "family outcome term contrast sample_id unit_scheme period".split()
# Where the numbers of a range, and of what is pooled, stand.
RANGES = {
    "stat_range_low": TableRow(table="range", line="lowest", columns=ESTIMATE),
    "stat_range_high": TableRow(table="range", line="highest", columns=ESTIMATE),
    "stat_range_sign": Note(note="same sign"),
}
QUOTIENTS = ("ratio", "group_series")  # of a group's own quotient
ENDS = {
    "stat_low": RANGES["stat_range_low"],
    "stat_high": RANGES["stat_range_high"],
}
SEVERAL = ("ols_romano_wolf", "ols_joint")  # of several outcomes
LAWS = {"pooled": "random effects", "pooled_t": "random effects, t"}
HETEROGENEITY = {
    "stat_tau2": TableRow(table="heterogeneity", line="tau2", columns=ESTIMATE),
    "stat_i2": TableRow(table="heterogeneity", line="I2", columns=ESTIMATE),
    "stat_q": TableRow(
        table="heterogeneity",
        line="Q",
        columns=same("estimate", "statistic", "df", "p_value"),
    ),
}


@dataclass(frozen=True)
class Asked:
    """What a specification compares: contrasts, and pairs of them as changes."""

    contrasts: list[GroupContrast] = field(default_factory=list)
    changes: list[tuple[GroupContrast, GroupContrast]] = field(default_factory=list)
    regressions: list[Regression] = field(default_factory=list)  # of panels


class _Asked(Groups):
    """What is asked, with the changes from period to period as pairs."""

    asked: Asked

    def changed(self, first: GroupContrast, later: GroupContrast) -> list[Estimate]:
        """Note the pair; nothing is estimated here."""
        self.asked.changes.append((first, later))
        return []


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: one regression of a row a unit, or several."""
    what = asked_of(row)
    asked = _asked(study, row["spec_id"])
    geographies = _groups(study).of_scheme(row["unit_scheme"]).geographies
    if row["estimator"] == "taxonomy_range":
        primary = study.config.taxonomy.primary
        ranged = _range_of_means_call if what.get("periods") else _range_call
        return ranged(row, asked.contrasts, geographies, primary)
    if "border" in what:
        return _border_call(study, row, asked.contrasts, geographies)
    if row["estimator"] in QUOTIENTS or row["outcome"] == f"{row['spec_id']}_end":
        return _quotient_call(study, row, geographies)
    if row["estimator"] in LAWS:
        return _pooled_call(row, asked.contrasts, geographies)
    if row["estimator"] in SEVERAL:
        return _several_outcomes_call(study, row, asked.contrasts, geographies)
    if row["outcome"] == INVESTMENT and "contrast" not in what:
        return _panel_call(row, asked.regressions, study.config.inference)
    return contrast_call(row, asked.contrasts, geographies, asked.changes)


@cache
def _groups(study: Study) -> _Asked:
    return _Asked(study)


@cache
def _asked(study: Study, spec_id: str) -> Asked:
    """Return what a specification asks for, once for all its rows."""
    section: Section = read(Section, study.config, "group_contrasts")
    groups = _groups(study)
    groups.asked = Asked()
    for question, answer in QUESTIONS.items():
        for spec in getattr(section, question):
            # A panel has a second specification, with a trend of each group.
            if spec_id not in (spec.id, spec.id + GROUP_YEARS):
                continue
            with suppress(UnsupportedError):
                for part in answer(groups, spec):
                    if isinstance(part, GroupContrast):
                        contrast = replace(part, methods=spec.inference)
                        groups.asked.contrasts.append(contrast)
                if question == "wages":
                    groups.asked.regressions.extend(regressions(groups, spec))
    return groups.asked


def _alike(
    row: Row, contrasts: Sequence[GroupContrast], columns: Sequence[str]
) -> list[GroupContrast]:
    """Return the contrasts that agree with a row in some columns."""
    cells = [row[name] for name in columns]
    return [
        contrast
        for contrast in contrasts
        if [str(getattr(contrast.row, name)) for name in columns] == cells
    ]


def _range_call(
    row: Row, contrasts: Sequence[GroupContrast], geographies: Geographies, primary: str
) -> Call:
    """Return the call of one comparison under every list that defines it."""
    by_list = {
        contrast.row.treatment_def: contrast
        for contrast in _alike(row, contrasts, COMPARISON)
        if contrast.row.role in DECIDING
    }
    designs = defined_designs(by_list, geographies)
    if len(designs) != int(row["n_obs"]):
        raise NoCallError(
            f"it is over {row['treatment_def']}, and {len(designs)} can be fitted again"
        )
    place = RANGES[row["effect_type"]]
    return several_call(designs, "list", "HC1", place, reference=primary)


def _range_of_means_call(
    row: Row, contrasts: Sequence[GroupContrast], geographies: Geographies, primary: str
) -> Call:
    """Return the call of one contrast pooled over periods, under every list for which
    two of them have an interval.
    """
    columns = [name for name in COMPARISON if name != "period"]
    by_list = dict[str, list[GroupContrast]]()
    for contrast in _alike(row, contrasts, columns):
        if contrast.row.role in DECIDING:
            by_list.setdefault(contrast.row.treatment_def, []).append(contrast)
    samples = dict[tuple[str, str], ContrastDesign]()
    for name, known in by_list.items():
        used = _with_intervals(row, known, geographies)
        if len(used) > 1:
            samples |= {(name, period): design for period, design in used.items()}
    methods = {printed_methods(design)[0] for design in samples.values()}
    lists = {name for name, _ in samples}
    if len(lists) != int(row["n_obs"]) or len(methods) != 1:
        raise NoCallError(
            f"it is over {row['treatment_def']}, and {len(lists)} can be fitted again"
        )
    place = RANGES[row["effect_type"]]
    level = geographies.inference.level
    pooled = {"by": "list", "reference": primary, "level": level}
    (method,) = methods
    return several_call(samples, ["list", "period"], method, place, pooled=pooled)


def _with_intervals(
    row: Row, contrasts: Sequence[GroupContrast], geographies: Geographies
) -> dict[str, ContrastDesign]:
    """Return the designs of one contrast that have an interval, by period."""
    periods = asked_of(row)["periods"]
    by_period = {
        contrast.row.period: contrast
        for contrast in contrasts
        if contrast.row.period in periods and contrast.row.estimator == "ols"
    }
    designs = defined_designs(by_period, geographies)
    # Few treated units leave permutation alone, which gives no interval.
    return {name: design for name, design in designs.items() if not design.few}


def _pooled_call(
    row: Row, contrasts: Sequence[GroupContrast], geographies: Geographies
) -> Call:
    """Return the call of one contrast in several periods, pooled."""
    known = _alike(row, contrasts, ["family", *SAME])
    used = _with_intervals(row, known, geographies)
    methods = {printed_methods(design)[0] for design in used.values()}
    if len(used) != int(row["n_periods"]) or len(methods) != 1:
        raise NoCallError("its periods have intervals by several methods")
    mean = Coefficient(term="mean", inference=LAWS[row["estimator"]])
    place = HETEROGENEITY.get(row["effect_type"], mean)
    level = geographies.inference.level
    (method,) = methods
    return several_call(used, "period", method, place, pooled={"level": level})


def _panel_call(
    row: Row, regressions: Sequence[Regression], settings: InferenceSettings
) -> Call:
    """Return the call of a panel of units and years."""
    columns = "spec_id outcome term contrast treatment_def".split()
    own = [
        regression
        for regression in regressions
        if all(getattr(regression.row, name) == row[name] for name in columns)
    ]
    if len(own) != 1:
        raise NoCallError(
            "its regression is not in the config: it was changed after the run"
        )
    (asked,) = own
    stream = stream_of(asked.row)
    return panel_call(
        row,
        asked.table,
        INVESTMENT,
        asked.regressors,
        asked.weights,
        settings,
        stream,
    )


def _several_outcomes_call(
    study: Study, row: Row, contrasts: Sequence[GroupContrast], geographies: Geographies
) -> Call:
    """Return the call of several outcomes whose labels are dealt out together."""
    primary = study.config.taxonomy.primary
    together = [
        contrast
        for contrast in contrasts
        if contrast.row.treatment_def == primary
        and np.ptp(contrast.table[contrast.outcome])
    ]
    design = contrast_design(together[0], geographies)
    call = permuted_call(design, "randomisation")
    outcomes = {one.outcome: one.table[one.outcome] for one in together}
    data = call.data.drop(columns=together[0].outcome)
    for name, values in outcomes.items():
        data[name] = data["unit"].map(values)
    place = Coefficient(
        term=row["outcome"],
        inference="Romano-Wolf",
        columns=same("estimate", "statistic", "p_value"),
    )
    places: list[Place] = [place]
    if row["effect_type"] == "stat_joint":
        # The statistic has the sign that is predicted for its outcome.
        section: Section = read(Section, study.config, "group_contrasts")
        signs = _signs(section.factor_intensity, row["spec_id"])
        largest = asked_of(row)["largest"]
        joint = TableRow(
            table="joint", line="largest", columns=same("statistic", "p_value")
        )
        signed = {"estimate": "statistic"}
        places = [joint, replace(joint, columns=signed, times=float(signs[largest]))]
    if row["effect_type"] == "stat_right_signs":
        section = read(Section, study.config, "group_contrasts")
        signs = _signs(section.factor_intensity, row["spec_id"])
        places = [SignsAsSaid(signs={name: signs[name] for name in outcomes})]
    arguments = {**call.arguments, "y": list(outcomes)}
    return replace(call, data=data, arguments=arguments, places=tuple(places))


def _signs(specs: Sequence[IntensitySpec], spec_id: str) -> dict[str, int]:
    """Return the sign that is predicted for each outcome of a specification."""
    return {
        measure.id: measure.sign
        for spec in specs
        if spec.id == spec_id
        for measure in spec.measures
    }


def _border_call(
    study: Study,
    row: Row,
    contrasts: Sequence[GroupContrast],
    geographies: Geographies,
) -> Call:
    """Return the call that compares a programme's units with their neighbours outside."""
    columns = ["spec_id", "term", "period", "outcome"]
    known = _alike(row, contrasts, columns)
    deciding = [contrast for contrast in known if contrast.row.role == "primary"]
    if len(deciding) != 1:
        raise NoCallError("its programme is not in the config: it was changed since")
    (contrast,) = deciding
    data = contrast.table[[CHANGE, MEMBER]].rename_axis("unit").reset_index()
    units = data["unit"].to_numpy(str)
    columns_of = {
        "two-way by unit": same(*NUMBERS),
        "permuted outcomes": same("estimate", "p_value"),
    }
    inference = asked_of(row)["border"]
    place = Coefficient(
        term="difference", inference=inference, columns=columns_of[inference]
    )
    settings = study.config.inference
    return Call(
        function="border_difference",
        data=data,
        arguments={
            "y": CHANGE,
            "group": MEMBER,
            "unit": "unit",
            **drawn(settings.permutations, settings.seed, BORDER_STREAM.format(**row)),
        },
        places=(place,),
        weights=weights_table(geographies.touching(units), units.tolist()),
    )


def _quotient_call(study: Study, row: Row, geographies: Geographies) -> Call:
    """Return the call of a group's own location quotient: its level at the end, the same
    without each member, or its trend.
    """
    groups = _groups(study)
    section: Section = read(Section, study.config, "group_contrasts")
    spec = specification(section.fading, row)
    above, below, _ = shares(groups, spec)
    first = int(above.columns[0])
    labels = labels_from(groups, row["treatment_def"], first).reindex(above.index)
    members = pd.Series(labels[str(row["term"])]).eq(1.0)
    if row["estimator"] == "group_series":
        return _series_call(quotient_of(above, below, members))
    last = above.columns[-END_YEARS:]
    if row["estimator"] == "ratio":
        return _level_call(above[last], below[last], members, geographies)
    parts = [
        path[last]
        .rename("quotient")
        .rename_axis("year")
        .reset_index()
        .assign(left=unit)
        for unit, path in zip(
            members.index[members], without_each(above, below, members), strict=True
        )
    ]
    data = pd.concat(parts, ignore_index=True)
    return Call(
        function="ols_by",
        data=data.rename(columns={"left": "left_out"}),
        arguments={
            "formula": "quotient ~ 1",
            "by": "left_out",
            "unit": "year",
            "term": "Intercept",
        },
        places=(ENDS[row["effect_type"]],),
        note="the mean over years of the group's quotient, without each member",
    )


def _series_call(path: pd.Series) -> Call:
    """Return the call of the trend of one series, with errors for dependence over years."""
    years = path.index.to_numpy(float)
    data = pd.DataFrame(
        {
            "unit": "the group",
            "year": years.astype(int),
            "decades": (years - years.mean()) / 10,
            "log_quotient": np.log(path.to_numpy(float)),
        }
    )
    return Call(
        function="ols",
        data=data,
        arguments={
            "formula": "log_quotient ~ decades",
            "unit": "unit",
            "time": "year",
            "inference": ["driscoll_kraay"],
        },
        places=(Coefficient(term="decades", inference="driscoll_kraay"),),
    )


def _level_call(
    above: pd.DataFrame,
    below: pd.DataFrame,
    members: pd.Series,
    geographies: Geographies,
) -> Call:
    """Return the call of a group's mean quotient against one, by weighted least squares."""
    y, root = weighted_quotients(above, below, members)
    units = above.index.to_numpy(str)
    places = geographies.locations(units)
    data = pd.DataFrame(
        {
            "unit": units,
            "distance_from_one": (y - 1) * root,
            "inside": members.to_numpy() * root,
            "outside": ~members.to_numpy() * root,
            "lat": places.lat,
            "lon": places.lon,
        }
    )
    return Call(
        function="ols",
        data=data,
        arguments={
            "formula": "distance_from_one ~ 0 + inside + outside",
            "unit": "unit",
            "inference": ["SCPC"],
            "few_units": True,
        },
        places=(Coefficient(term="inside", inference="SCPC", plus=1.0),),
        note=(
            "columns times the root of a unit's weight, its share of the group's total;"
            " the quotient is the coefficient and one"
        ),
    )
