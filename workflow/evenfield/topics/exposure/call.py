"""Growth on own and neighbours' groups as calls of the library."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from evenfield.shared.calls import (
    Call,
    asked_of,
    drawn,
    section_of,
    seed_of,
    specification,
    weights_table,
)
from evenfield.shared.contrasts.calls import (
    contrast_call,
    defined_designs,
    regression_call,
    several_call,
)
from evenfield.shared.contrasts.designs import GroupContrast, contrast_design
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.places import Coefficient, Note, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.exposure.estimate import Section
from evenfield.topics.exposure.estimate_contrasts import (
    ALL,
    contrasts,
    difference,
    neighbour_contrasts,
    per_sd,
    single,
)
from evenfield.topics.exposure.estimate_evidence import POWER_STREAM, SIMULATED
from evenfield.topics.exposure.estimate_sections import (
    CrossSection,
    ExposureSpec,
    Tables,
    cross_section,
    variants,
)
from evenfield.topics.exposure.estimate_two_regime import REGIME_STREAM, SAMPLES


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the SLX regression of one period, or its change
    between two.
    """
    spec = specification(section_of(study, Section, "exposure"), row)
    if row["estimator"] == "equivalence":
        return _equivalence_call(study, spec, row)
    if "errors" in asked_of(row):
        section = _section(study, spec, row)
        return _power_call(study, row, difference(section), "effect")
    if row["estimator"] == "sdm_two_regime":
        return _regimes_call(difference(_section(study, spec, row)), study)
    asked = _asked(study, spec.id, row["period"])
    if row["estimator"] == "specification_curve":
        return _share_call(study, row, asked)
    changes = _changes(study, spec.id) if "change_of" in asked_of(row) else ()
    return contrast_call(row, asked, study_geographies(study), changes)


def _equivalence_call(study: Study, spec: ExposureSpec, row: Row) -> Call:
    """Return the call of the test that a coefficient is smaller than of interest, or of
    the bound that a coefficient of zero would pass.
    """
    section = _section(study, spec, row)
    contrast = per_sd(single(section, spec.exposures[1]), section)
    if row["effect_type"] == "mde_tost":
        return _power_call(study, row, contrast, "bound")
    design = contrast_design(contrast, study_geographies(study))
    call = regression_call(design, "SCPC")
    options = {"term": call.coefficient.term, "bound": contrast.row.sesoi}
    numbers = same("estimate", "std_error", "p_value", "conf_low", "conf_high")
    place = replace(call.coefficient, columns=numbers)
    return replace(call, then=("equivalence", options), places=(place,))


def _power_call(study: Study, row: Row, contrast: GroupContrast, line: str) -> Call:
    """Return the call of what the SCPC test of a contrast sees on simulated samples."""
    call = regression_call(contrast_design(contrast, study_geographies(study)), "SCPC")
    term = call.coefficient.term
    kept = {term, *contrast.controls}
    inference = study.config.inference
    stream = POWER_STREAM.format(len(call.data))
    options = {
        "term": term,
        "without": [name for name in call.arguments["x"] if name not in kept],
        "correlated": asked_of(row)["errors"] == "correlated",
        "power": inference.power,
        "level": inference.level,
        **drawn(SIMULATED, inference.seed, stream),
    }
    place = TableRow(line=line, columns=same("estimate"))
    return replace(call, then=("simulated_power", options), places=(place,))


def _regimes_call(contrast: GroupContrast, study: Study) -> Call:
    """Return the call of a model with a spatial parameter in each of two regimes."""
    assert contrast.neighbours is not None
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    data = contrast.table[columns].astype(float).rename_axis("unit").reset_index()
    units = list(data["unit"].astype(str))
    numbers = same("estimate", "std_error", "statistic", "df", "p_value")
    return Call(
        function="spatial_regimes",
        data=data,
        arguments={
            "y": contrast.outcome,
            "x": [*contrast.labels, *contrast.controls],
            "regime": contrast.labels[0],
            "unit": "unit",
            "samples": SAMPLES,
            "seed": seed_of(study.config.inference.seed, REGIME_STREAM),
        },
        places=(Coefficient(term="inside - outside", columns=numbers),),
        weights=weights_table(contrast.neighbours.aligned(units), units),
    )


def _share_call(study: Study, row: Row, asked: Sequence[GroupContrast]) -> Call:
    """Return the call of the share of pairs of a list and weights under which a
    difference has its sign.
    """
    pairs = {
        (contrast.row.treatment_def, contrast.row.w_id): contrast
        for contrast in asked
        if contrast.row.contrast == row["contrast"]
        and contrast.row.estimator == "slx"
        and contrast.row.sample_id == ALL
    }
    designs = defined_designs(pairs, study_geographies(study))
    place = Note(note="same sign", times=1 / len(designs))
    call = several_call(
        designs,
        ["list", "weights"],
        "HC1",
        place,
        reference=f"{row['treatment_def']}, {row['w_id']}",
    )
    return replace(call, note=f"the row is the count over {len(designs)} samples")


def _section(study: Study, spec: ExposureSpec, row: Row) -> CrossSection:
    """Return the cross-section of a row's period."""
    periods = {str(item["period"]): item for item in study.description()["periods"]}
    return cross_section(_tables(study), spec, periods[row["period"]])


@cache
def _asked(study: Study, spec_id: str, period: str) -> tuple[GroupContrast, ...]:
    """Return the contrasts of a specification in a period, once for all its rows."""
    specs = {spec.id: spec for spec in section_of(study, Section, "exposure")}
    return tuple(_contrasts(study, specs[spec_id], period))


def _contrasts(study: Study, spec: ExposureSpec, name: str) -> Iterator[GroupContrast]:
    tables = _tables(study)
    for period in study.description()["periods"]:
        if str(period["period"]) != name:
            continue
        section = cross_section(tables, spec, period)
        yield from contrasts(section)
        if section.decides:
            for variant in variants(study, spec):
                yield difference(cross_section(tables, variant, period))


@cache
def _changes(
    study: Study, spec_id: str
) -> tuple[tuple[GroupContrast, GroupContrast], ...]:
    """Return the pairs of contrasts whose changes a specification asks for."""
    specs = {spec.id: spec for spec in section_of(study, Section, "exposure")}
    spec = specs[spec_id]
    periods = {str(item["period"]): item for item in study.description()["periods"]}
    tables = _tables(study)
    pairs = list[tuple[GroupContrast, GroupContrast]]()
    for names in spec.changes:
        sections = [cross_section(tables, spec, periods[name]) for name in names]
        pairs += zip(*map(neighbour_contrasts, sections), strict=True)
    return tuple(pairs)


@cache
def _tables(study: Study) -> Tables:
    return Tables(study)
