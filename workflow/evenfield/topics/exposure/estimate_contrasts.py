"""The contrasts of a cross-section: single coefficients, differences of two, per standard
deviation, recentred, and among units without a regime.
"""

from dataclasses import replace

from evenfield.shared.contrasts.designs import (
    Expectation,
    GroupContrast,
    lag_name,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.exposure.estimate_sections import (
    DECIDING,
    OUTCOME,
    START,
    TESTED,
    CrossSection,
    ExposureSpec,
)

ALL = "all"
OUTSIDERS = "outsiders"
PER_EXPOSURE = "pp/yr per exposure 0 to 1"
PER_SD = "pp/yr per s.d. of exposure"
OWN_UNIT = "pp/yr"
# Estimator and what it does with the exposure that permuted lists let expect.
EXPECTATIONS = {
    "slx_recentred": Expectation("stratified", "subtract"),
    "slx_expected_control": Expectation("stratified", "control"),
    "slx_recentred_connected": Expectation("connected", "subtract"),
}


def contrasts(section: CrossSection) -> list[GroupContrast]:
    """Return all contrasts of a specification in a period."""
    own = section.spec.own
    exposures = section.spec.exposures
    main = replace(
        difference(section), placebo_lists=section.name in section.spec.placebo_lists
    )
    # Counts of zones have no common unit: only per standard deviation can they be
    # compared.
    if section.spec.counted:
        return [per_sd(one, section) for one in (main, *_singles(section, exposures))]
    singles = _singles(section, (*own, *exposures))
    if section.spec.role != DECIDING:
        return [main, *singles]
    own_difference = _contrast(section, "slx", own[0], own[1], "exploratory")
    # Recentring asks whether exposure beyond what the map lets expect goes with growth.
    expected = [difference(section, name) for name in EXPECTATIONS]
    if section.decides:
        expected += _singles(section, exposures, "slx_recentred")
    # Among outsiders no own regime can stand in for the neighbours'.
    outside = [_outside(one, section) for one in (main, *_singles(section, exposures))]
    return [main, own_difference, *singles, *expected, *outside]


def difference(section: CrossSection, estimator: str = "slx") -> GroupContrast:
    """Return the coefficient of the first exposure minus that of the second."""
    # Further regimes stand in the regression but not in the contrast.
    first, second = section.spec.exposures[:2]
    role = DECIDING if section.decides and estimator == "slx" else "robustness"
    return _contrast(section, estimator, first, second, role)


def neighbour_contrasts(section: CrossSection) -> list[GroupContrast]:
    """Return the difference of the neighbours' regimes and each of the two."""
    return [difference(section), *_singles(section, section.spec.exposures)]


def single(section: CrossSection, term: str, estimator: str = "slx") -> GroupContrast:
    """Return one coefficient, own or of an exposure."""
    # b_S > 0 is one half of the conjunction on zones, equivalence of g_S the other.
    decides = section.decides and term == "own_sez" and estimator == "slx"
    role = DECIDING if decides else "exploratory"
    return _contrast(section, estimator, term, "", role)


def _singles(
    section: CrossSection, terms: tuple[str, ...], estimator: str = "slx"
) -> list[GroupContrast]:
    return [single(section, term, estimator) for term in terms]


def per_sd(contrast: GroupContrast, section: CrossSection) -> GroupContrast:
    """Express a contrast of exposures per standard deviation of each exposure."""
    scaled = {}
    for own, exposure in zip(section.spec.own, section.spec.exposures, strict=True):
        weight = contrast.weights.get(lag_name(own))
        # (g_k sd_k): a step of one standard deviation of exposure.
        if weight is not None:
            scaled[lag_name(own)] = weight * section.standard_deviation(exposure)
    sesoi = section.study.config.sesoi.spillover_per_sd_pp
    row = replace(contrast.row, unit_of_measure=PER_SD, sesoi=sesoi)
    return replace(contrast, row=row, weights=scaled)


def _outside(contrast: GroupContrast, section: CrossSection) -> GroupContrast:
    """Return a contrast among units without a regime: exposures are their labels."""
    own = list(section.spec.own)
    exposures = section.spec.exposures
    names = dict(zip(map(lag_name, own), exposures, strict=True))
    role = "robustness" if contrast.row.contrast else "exploratory"
    return replace(
        contrast,
        row=replace(contrast.row, sample_id=OUTSIDERS, role=role),
        every_method=False,
        table=section.table[~section.table[own].astype(bool).any(axis=1)],
        labels=exposures,
        # Own regimes are all zero here: exposures are columns, not lags of labels.
        neighbours=None,
        placebo_lists=False,
        weights={names[name]: weight for name, weight in contrast.weights.items()},
    )


def _contrast(
    section: CrossSection, estimator: str, term: str, minus: str, role: str
) -> GroupContrast:
    spec = section.spec
    about = section.study.description()
    own = term.startswith("own")
    taxonomy = spec.taxonomy
    if spec.counted:
        taxonomy += f", zones by {spec.zones} in force"
    # Own regimes have the effect of interest of premiums.
    sesoi = "growth_premium_pp" if own else "spillover_difference_pp"
    row = Estimate(
        hypothesis=_hypothesis(spec, term, minus),
        family="exposure",
        role=role,
        estimator=estimator,
        spec_id=spec.id,
        outcome=OUTCOME,
        term=term,
        contrast=f"{term} - {minus}" if minus else "",
        sample_id=ALL,
        unit_scheme=str(about["unit_scheme"]),
        period=section.name,
        treatment_def=taxonomy,
        w_id=spec.weights + ("" if spec.neighbours == "equal" else " by population"),
        estimate=NAN,
        sesoi=section.study.config.sesoi.named(sesoi),
        unit_of_measure=OWN_UNIT if own else PER_EXPOSURE,
        output_basis=str(section.period["basis"]),
        data_hash=str(about["data_hash"]),
    )
    weights = {_regressor(term): 1.0}
    if minus:
        weights[_regressor(minus)] = -1.0
    # What hypotheses are answered by is inferred by all methods, over spans too.
    answers = bool(row.hypothesis) and not own and estimator == "slx"
    spans = spec.role == DECIDING and section.period["role"] == "span"
    return GroupContrast(
        row=row,
        methods=spec.inference,
        every_method=answers and spans,
        table=section.table,
        outcome=OUTCOME,
        labels=spec.own,
        controls=(START,),
        weights=weights,
        neighbours=section.weights,
        expected=EXPECTATIONS.get(estimator),
    )


def _regressor(name: str) -> str:
    # An exposure is the lag of an own regime: exposure_sez is W times own_sez.
    regime = name.removeprefix("exposure_")
    return name if regime == name else lag_name(f"own_{regime}")


def _hypothesis(spec: ExposureSpec, term: str, minus: str) -> str:
    # Hypotheses name clusters and zones; other pairs speak to none.
    if spec.regimes[:2] != TESTED:
        return ""
    if (term, minus) == ("exposure_cluster", "exposure_sez"):
        return spec.hypothesis
    zones = not minus and term in {"own_sez", "exposure_sez"}
    return spec.zones_hypothesis if zones else ""
