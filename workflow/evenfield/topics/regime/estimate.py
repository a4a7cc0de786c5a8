"""Convergence by regime: whether initial income matters more for growth near clusters
than near SEZs.
"""

from collections.abc import Sequence
from itertools import compress

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evenfield.numerics.at_work import told
from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Locations
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.shared.contrasts.designs import FEWEST_TREATED
from evenfield.shared.estimates import (
    CHANGE,
    NAN,
    Estimate,
    Fields,
    asking,
    change_period,
    untested,
)
from evenfield.shared.few_units import (
    carrier_fields,
    few_unit_design,
    fields_of,
    located,
)
from evenfield.shared.rows import Results
from evenfield.shared.samples import joined, underpowered
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.regime.estimate_panel import (
    DIFFERENCE,
    UNIT,
    decides,
    panel_rows,
    sesoi_of,
)
from evenfield.topics.regime.estimate_section import (
    EXPOSURES,
    INITIAL,
    INTERACTIONS,
    OUTCOME,
    OWN,
    CrossSection,
    RegimeSpec,
    income_support,
    sections,
    support_rows,
    support_table,
    within_rows,
)

Section = list[RegimeSpec]
# Methods by default: of a specification that decides, of the others.
PRINTED = ("SCPC", "SCPC_06", "CR3", "HC1")
SHORT = ("SCPC", "CR3")
# Of a change between two periods: role, estimator and method of each row.
CHANGE_METHODS = (
    ("robustness", f"regime{CHANGE}", "CR3"),
    ("ladder", f"regime{CHANGE}_wcr33", "wild33"),
)
EQUATION = (
    "G = a - b r - d_C r E^C - d_S r E^S + f_C E^C + f_S E^S + e; r initial log income less"
    " its mean"
)
DECIDING = (
    "d_C - d_S, the slope of growth on initial income, pp a year per exposure 0 to 1; an"
    " association"
)
PATH = (
    "spec_id treatment_def w_id period label start_year end_year output_basis term contrast"
    " estimate std_error conf_low conf_high p_value se_type sesoi mde warning"
).split()
POINTS = ["spec_id", "period", "unit", OUTCOME, INITIAL, *OWN, *EXPOSURES]
POINTS += [*INTERACTIONS, "fitted", "residual"]
SUPPORT = (
    "spec_id period exposure tercile units exposure_low exposure_high income_low income_mean"
    " income_high"
).split()


def check_data(study: Study, _: Section, spec: RegimeSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    sections(study, spec)


def estimate(study: Study) -> Results:
    """Estimate convergence by regime in every period.

    Notes
    -----
    G_i = a - b r_i0 - d_C r_i0 E^C_i - d_S r_i0 E^S_i + f_C E^C_i + f_S E^S_i + e_i on
    long differences, one row a unit; r_i0 initial log income less its mean. H11: d_C -
    d_S > 0.
    """
    out = Results()
    units = study.table("units").set_index("unit").sort_index()
    locations = located(units, list(units.index))
    specs = read(Section, study.config, "regime")
    path: list[Fields] = []
    points = list[pd.DataFrame]()
    thirds = list[pd.DataFrame]()
    for spec in told(specs, "specifications"):
        cross_sections = sections(study, spec)
        for section in cross_sections:
            fit = None if section.undefined else fit_ols(section.y, section.X)
            deciding = [
                *_interaction_rows(section, fit, study, locations),
                _gap_row(section, fit),
            ]
            path += [
                _path_row(row, section) for row in deciding if row.estimator == "regime"
            ]
            out.estimates += [*deciding, *within_rows(section)]
            for exposure in EXPOSURES:
                support = income_support(section, exposure)
                out.estimates += support_rows(section, exposure, support)
                thirds.append(support_table(section, exposure, support))
            fitted = (
                np.full(len(section.y), NAN) if fit is None else section.X @ fit.beta
            )
            table = section.table.assign(
                spec_id=spec.id,
                period=section.name,
                fitted=fitted,
                residual=section.y - fitted,
            )
            points.append(table.rename_axis("unit").reset_index())
        out.estimates += _split_rows(cross_sections, study)
        out.estimates += _change_rows(spec, cross_sections, study)
        out.estimates += panel_rows(cross_sections, study)
    out.series["series"] = pd.DataFrame(path, columns=PATH)
    out.series["points"] = pd.concat(points, ignore_index=True)[POINTS]
    out.series["support"] = pd.concat(thirds, ignore_index=True)[SUPPORT]
    out.fit = {
        "equation": EQUATION,
        "deciding": DECIDING,
        "within_group": "description only: a handful of units",
        "conf_level": study.config.inference.level,
        "power": study.power,
        "sesoi": sesoi_of(study),
        "specs": [spec.id for spec in specs],
    }
    return out


def methods_of(spec: RegimeSpec) -> tuple[str, ...]:
    """Return the methods of a specification, the deciding one first."""
    by_default = PRINTED if spec.role == "primary" else SHORT
    return spec.inference or by_default


def combinations(columns: Sequence[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the reported combinations of coefficients; signs make a faster speed
    positive; shape (K,).
    """
    basis = np.eye(len(columns))
    # b and d stand in the equation with a minus: positive means faster.
    slopes = {name: -basis[columns.index(name)] for name in (INITIAL, *INTERACTIONS)}
    singles = {(name, ""): weights for name, weights in slopes.items()}
    near_clusters, near_zones = (slopes[name] for name in INTERACTIONS)
    return {**singles, (INTERACTIONS[0], DIFFERENCE): near_clusters - near_zones}


def _interaction_rows(
    section: CrossSection,
    fit: OlsFit | None,
    study: Study,
    locations: Locations,
) -> list[Estimate]:
    """Return the slopes and their difference by every method of the specification."""
    spec = section.spec
    units = section.table.index.to_numpy(str)
    rows = []
    for (term, contrast), c in combinations(section.columns).items():
        # d is told by units with such neighbours, not by units of the kind themselves.
        n_treated = section.exposed(term, contrast)
        shared: Fields = {
            **section.shared,
            **decides(spec, contrast),
            "term": term,
            "contrast": contrast,
            "unit_of_measure": "% per year" if term == INITIAL else UNIT,
            "n_treated": n_treated,
            "sesoi": sesoi_of(study),
            "conf_level": study.config.inference.level,
        }
        if fit is not None:
            shared |= carrier_fields(section.X, units, c)
        deciding, *others = methods_of(spec)
        for method in (deciding, *others):
            fields: Fields
            if fit is None:
                undefined = f"not defined: {section.undefined}"
                fields = {"estimate": NAN, "warning": undefined}
            elif n_treated < FEWEST_TREATED:
                few = f"fewer than {FEWEST_TREATED} exposed units: no interval"
                fields = {"estimate": float(c @ fit.beta), "warning": few}
            else:
                stream = f"regime:{spec.id}:{section.name}:{term}:{contrast}"
                fields = _tested(method, fit, units, c, study, stream, locations)
            fields["warning"] = joined(section.note, fields["warning"])
            decides_row = method == deciding
            fields |= {
                "estimator": "regime" if decides_row else f"regime_{method.lower()}",
                "role": _role(section, contrast) if decides_row else "ladder",
                "asked": asking(fields.get("asked", ""), inference=method),
            }
            rows.append(Estimate(**shared | fields))
    return rows


def _role(section: CrossSection, contrast: str) -> str:
    """Return the role of a row of the deciding method."""
    if section.spec.role != "primary":
        return section.spec.role
    if not contrast:
        return "exploratory"
    # Spans hold the years of the main periods again, so they do not decide.
    return "primary" if section.period["role"] == "main" else "robustness"


def _tested(
    method: str,
    fit: OlsFit,
    units: np.ndarray,
    c: np.ndarray,
    study: Study,
    stream: str = "",
    locations: Locations | None = None,
) -> Fields:
    """Test c'beta by a method of the registry, as fields of an estimate; c (K,)."""
    settings = study.config.inference
    design = few_unit_design(
        fit, units, settings, stream, locations=locations, power=study.power
    )
    test = infer(method, design, c, settings.level)
    if test.reason:
        return {"estimate": test.estimate} | untested(test.reason)
    weak = underpowered(test.mde, sesoi_of(study), "pp/yr")
    return fields_of(test, settings.level) | {"warning": weak}


def _gap_row(section: CrossSection, fit: OlsFit | None) -> Estimate:
    """Return the difference of speeds that the slopes at exposure one imply, by the
    exact transform and no interval.
    """
    labels: Fields = {
        **section.shared,
        "estimator": "regime",
        "term": "speed",
        "contrast": DIFFERENCE,
        "role": "description",
        "effect_type": "lambda",
        "unit_of_measure": UNIT,
        "n_treated": section.exposed("", DIFFERENCE),
    }
    if fit is None:
        warning = joined(section.note, f"not defined: {section.undefined}")
        return Estimate(**labels, estimate=NAN, warning=warning)
    # Growth is in percent, while 1 + bT takes b in log points.
    beta = dict(zip(section.columns, fit.beta / 100, strict=True))
    near_clusters, near_zones = (
        # The slope at exposure one to this regime and none to the other.
        speed_from_slope(beta[INITIAL] + beta[name], section.years)
        for name in INTERACTIONS
    )
    gap = 100 * (near_clusters - near_zones)
    lost = "not defined: 1 + bT is not positive at exposure one"
    warning = joined(
        section.note,
        "read the interval of the slopes",
        "" if np.isfinite(gap) else lost,
    )
    return Estimate(**labels, estimate=gap, warning=warning)


def _path_row(row: Estimate, section: CrossSection) -> Fields:
    fields = {name: getattr(row, name, None) for name in PATH}
    return fields | {
        "label": str(section.period["label"]),
        "start_year": int(section.period["start"]),
        "end_year": int(section.period["end"]),
    }


def _split_rows(cross_sections: list[CrossSection], study: Study) -> list[Estimate]:
    """Compare the mean difference of main periods from a year on with that of earlier
    ones.
    """
    main = [section for section in cross_sections if section.period["role"] == "main"]
    first = main[0] if main else cross_sections[0]
    split = first.spec.split
    if not main or split is None:
        return []
    late = np.array([int(section.period["start"]) >= split for section in main])
    names = [section.name for section in main]
    later = [*compress(names, late)]
    earlier = [*compress(names, ~late)]
    labels: Fields = {
        **first.shared,
        **decides(first.spec, DIFFERENCE),
        "period": f"{'+'.join(later)} less {'+'.join(earlier)}",
        "role": "exploratory",
        "estimator": "regime_split_cr3",
        "term": INTERACTIONS[0],
        "contrast": f"({DIFFERENCE}) from {split} less before",
        "asked": asking(late=later, early=earlier, inference="CR3"),
        **_of_all(main, study),
    }
    undefined = [f"{s.name}: {s.undefined}" for s in main if s.undefined]
    if late.all() or not late.any():
        undefined = [f"no main period on one side of {split}"]
    fields = _stacked(main, late, study, undefined)
    fields["warning"] = joined(first.note, fields["warning"])
    return [Estimate(**labels | fields)]


def _of_all(sections: Sequence[CrossSection], study: Study) -> Fields:
    """Return what a row about several periods says of all of them."""
    bases = {str(section.period["basis"]) for section in sections}
    return {
        "unit_of_measure": UNIT,
        "n_periods": len(sections),
        "n_obs": sum(len(section.table) for section in sections),
        "sesoi": sesoi_of(study),
        "output_basis": "+".join(sorted(bases)),
        "conf_level": study.config.inference.level,
    }


def _change_rows(
    spec: RegimeSpec, cross_sections: Sequence[CrossSection], study: Study
) -> list[Estimate]:
    """Return how much the difference of the speeds changes between two periods, by the
    jackknife by unit and by the wild bootstrap that must agree with it.
    """
    by_name = {section.name: section for section in cross_sections}
    rows = []
    for names in spec.changes:
        ends = [by_name[name] for name in names]
        labels: Fields = {
            **ends[0].shared,
            **decides(spec, DIFFERENCE),
            "period": change_period(*names),
            "term": INTERACTIONS[0],
            "contrast": DIFFERENCE,
            **_of_all(ends, study),
        }
        undefined = [f"{s.name}: {s.undefined}" for s in ends if s.undefined]
        late = np.array([False, True])
        stream = f"regime:{spec.id}:{labels['period']}"
        for role, estimator, method in CHANGE_METHODS:
            fields = _stacked(ends, late, study, undefined, method, stream)
            asked = asking(late=names[1:], early=names[:1], inference=method)
            fields |= {"role": role, "estimator": estimator, "asked": asked}
            rows.append(Estimate(**labels | fields))
    return rows


def _stacked(
    main: Sequence[CrossSection],
    late: np.ndarray,
    study: Study,
    undefined: Sequence[str],
    method: str = "CR3",
    stream: str = "",
) -> Fields:
    """Test the late periods less the early ones as fields, or say why not."""
    if undefined:
        return {"estimate": NAN, "warning": f"not defined: {undefined[0]}"}
    try:
        return _fitted_together(main, late, study, method, stream)
    except NumericsError as error:
        return {"estimate": NAN, "warning": f"not defined: {error}"}


def _fitted_together(
    main: Sequence[CrossSection],
    late: np.ndarray,
    study: Study,
    method: str,
    stream: str,
) -> Fields:
    """Fit all periods together, coefficients free in each, errors clustered by unit."""
    share = np.where(late, 1 / late.sum(), -1 / (~late).sum())
    # The same combination in each period, its weights adding up to late less early.
    c = np.kron(share, combinations(main[0].columns)[INTERACTIONS[0], DIFFERENCE])
    # Block by block: each period keeps the coefficients that it has alone.
    X = block_diag(*(section.X for section in main))
    # A unit is one cluster over all periods: its errors may be dependent over time.
    units = np.concatenate([section.table.index.to_numpy(str) for section in main])
    fit = fit_ols(np.concatenate([section.y for section in main]), X)
    return _tested(method, fit, units, c, study, stream)
