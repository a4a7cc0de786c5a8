"""How the speed of convergence moved: in rolling windows, between periods, with
neighbours, and breaks in its path.
"""

from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from evenfield.numerics.at_work import told
from evenfield.shared.cross_section import cross_section
from evenfield.shared.estimates import asking
from evenfield.shared.rows import Results, Rows
from evenfield.shared.samples import periods_of
from evenfield.shared.settings import SchemeInfo
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import (
    Trajectories,
    main_periods,
    span_labels,
    whole_span,
)
from evenfield.study.study import Study
from evenfield.topics.rolling.estimate_breaks import (
    add_contrasts,
    add_sigma_breaks,
    add_slope_break,
    add_variance_slope,
)
from evenfield.topics.rolling.estimate_spatial import add_spatial
from evenfield.topics.rolling.estimate_windows import KINDS, add_windows

WHOLE = ["span", "start_year", "end_year", "n_units"]
SERIES = (
    "spec_id sample_id unit_scheme kind span start_year end_year basis n_units slope"
    " speed pointwise_low pointwise_high band_low band_high half_life fitted_start"
    " fitted_end wald note"
).split()
KEY = "spec_id unit_scheme kind span start_year end_year".split()


class RollingSpec(UnitsSpec):
    """One specification of rolling windows."""

    windows: list[Annotated[int, Field(gt=0)]] = Field(
        [10, 15], min_length=1, json_schema_extra={"uniqueItems": True}
    )
    """Lengths of the windows in years."""
    most_breaks: int = Field(3, ge=0, le=20)
    """Largest number of breaks in sigma."""
    trim: float = Field(0.15, gt=0, lt=0.5)
    """Share of dates on each side of a break."""


Section = list[RollingSpec]


def check_data(study: Study, _: Section, spec: RollingSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    whole_span(study, spec, f"estimates.rolling.{spec.id}")


def estimate(study: Study) -> Results:
    """Follow convergence over time and over space for every specification."""
    out = Results()
    inference = study.config.inference
    parts = []
    fits = []
    for spec in told(read(Section, study.config, "rolling"), "specifications"):
        data, info = whole_span(study, spec, f"estimates.rolling.{spec.id}")
        rows = _rows(spec, data, info)
        # A length that is named twice is estimated once.
        series = [
            add_windows(rows, data, span, spec, info, inference)
            for span in dict.fromkeys(spec.windows)
        ]
        series.append(add_slope_break(rows, data, spec, spec.trim, inference))
        segments, dates = add_sigma_breaks(rows, data, spec.most_breaks, spec.trim)
        series.append(segments)
        out.estimates += [*rows.estimates, *_by_period(study, spec, data, info)]
        # Dispersion jumps where proxy output meets official output, so each basis is
        # tested by itself too.
        slopes = []
        for part in data.segments():
            rows = _rows(spec, part, info)
            slopes.append(add_variance_slope(rows, part, spec, inference))
            out.estimates += rows.estimates
        parts += [frame.assign(**spec.labels) for frame in series]
        fits.append(
            {
                **spec.labels,
                "weak_sigma": list(filter(None, slopes)),
                "sigma_breaks": dates,
            }
        )
    frame = pd.concat(parts).reindex(columns=SERIES)
    frame = frame.sort_values(KEY, ignore_index=True)
    out.series["series"] = frame.astype(dict.fromkeys(WHOLE, "Int64"))
    out.fit = {
        "conf_level": inference.level,
        "draws": inference.permutations,
        "seed": inference.seed,
        "specs": fits,
    }
    return out


def _rows(spec: RollingSpec, data: Trajectories, info: SchemeInfo) -> Rows:
    labels, note = span_labels("rolling", spec, data, info)
    first, last = int(data.years[0]), int(data.years[-1])
    labels["asked"] = asking(first=first, last=last)
    return Rows(KINDS, spec.role, note, **labels)


def _by_period(
    study: Study, spec: RollingSpec, data: Trajectories, info: SchemeInfo
) -> list[Any]:
    """Return the spatial form in every period, and the contrasts of the main ones."""
    inference = study.config.inference
    labels, _ = span_labels("rolling", spec, data, info)
    sections = {}
    for name in periods_of(study.table("periods", spec.unit_scheme)):
        where = f"estimates.rolling.{spec.id} {name}"
        sections[name] = cross_section(study, spec, name, where)
    estimates = []
    if study.has_weights:
        weights = study.weights(scheme=spec.unit_scheme)
        for name, section in sections.items():
            # A section: rows, years, basis, note, and whether its end points exist.
            own = {
                **labels,
                "outcome": "growth",
                "period": name,
                "n_obs": len(section[0]),
                "output_basis": section[2],
            }
            estimates += add_spatial(section, weights, spec, own, inference)
    # Contrasts between periods that overlap would compare a period with itself.
    names = main_periods(study.description(spec.unit_scheme))
    main = {name: sections[name] for name in names if name in sections}
    return estimates + add_contrasts(main, spec, labels, inference)
