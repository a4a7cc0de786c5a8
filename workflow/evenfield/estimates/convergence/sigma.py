"""Sigma convergence: the path of dispersion and tests of its ends; also the checks this wing shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError, first_examples
from evenfield.contracts.estimates import NAN, Estimate, finite_or_nan
from evenfield.contracts.files import content_hash
from evenfield.numerics.dispersion import (
    carree_klomp_t2_test,
    carree_klomp_t3,
    coefficient_of_variation,
    interquartile_range,
    leave_one_out_sigma,
    percentile_ratio,
    sigma,
    sigma_slope_test,
    weighted_sigma,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference

MIN_UNITS = 3
CONSTANT = 1e-12
PROXY, SPLICED, OFFICIAL = "proxy", "spliced", "official"
SIGMA_KEYS = ("id", "sample", "unit_scheme", "role")
ROLES = ("primary", "robustness", "mechanism", "exploratory")
SIGMA_SERIES = (
    "spec_id",
    "sample_id",
    "unit_scheme",
    "year",
    "basis",
    "n_units",
    "sigma",
    "sigma_low",
    "unit_low",
    "sigma_high",
    "unit_high",
    "sigma_population_weighted",
    "cv",
    "p90_p10",
    "iqr",
)


# --- what the estimators of this wing share: settings, unit schemes, checked frames -------------------------


@dataclass(frozen=True, slots=True)
class InferenceSpec:
    """Confidence level, permutations and base seed.

    Attributes
    ----------
    conf_level : float
        Level of all intervals.
    permutations : int
        Draws of a permutation test.
    seed : int
        Base seed; every draw id has its own stream.
    """

    conf_level: float = 0.95
    permutations: int = 9999
    seed: int = 2011


def parse_inference_spec(section: Mapping[str, Any]) -> InferenceSpec:
    """Read the ``inference`` section of the config.

    Parameters
    ----------
    section : mapping
        Keys ``conf_level``, ``permutations``, ``seed``.

    Returns
    -------
    InferenceSpec

    Raises
    ------
    EstimateError
        If a key is unknown or the level is not between 0 and 1.
    """
    check_keys(section, ("conf_level", "permutations", "seed"), "inference")
    spec = InferenceSpec(**section)
    if not 0 < spec.conf_level < 1 or spec.permutations < 1 or spec.seed < 0:
        raise EstimateError(
            f"inference {dict(section)}",
            "a level between 0 and 1, permutations and a seed above 0",
            "correct inference in config.yaml",
        )
    return spec


@dataclass(frozen=True)
class SchemeInfo:
    """What an estimator has to know about a unit scheme beside its frames.

    Attributes
    ----------
    name : str
        Unit scheme.
    samples : dict of str to tuple of str
        Units of each sample.
    step : int
        Years between two observations.
    first_official : int or None
        First year with official output; None when there is no such year.
    """

    name: str
    samples: Mapping[str, tuple[str, ...]]
    step: int = 1
    first_official: int | None = None


def scheme_infos(descriptions: Iterable[Mapping[str, Any]]) -> dict[str, SchemeInfo]:
    """Read the descriptions that the panel floor writes, one for each unit scheme.

    Parameters
    ----------
    descriptions : iterable of mapping
        Content of ``panel/{scheme}/description.json``.

    Returns
    -------
    dict of str to SchemeInfo
    """
    out = {}
    for item in descriptions:
        samples = {name: tuple(sorted(units)) for name, units in item["samples"].items()}
        official = item.get("basis_years", {}).get(OFFICIAL)
        name = str(item["unit_scheme"])
        out[name] = SchemeInfo(name, samples, int(item.get("step", 1)), official[0] if official else None)
    return out


def check_keys(item: Any, known: Sequence[str], where: str) -> None:
    """Refuse a config entry that is no mapping or holds unknown keys.

    Parameters
    ----------
    item : object
        Entry of the config.
    known : sequence of str
        Allowed keys.
    where : str
        Its place, for the message.

    Raises
    ------
    EstimateError
        With the first unknown keys.
    """
    if not isinstance(item, Mapping):
        raise EstimateError(f"{where} holds {item!r}", f"keys such as {known[0]}", f"correct {where} in config.yaml")
    unknown = sorted(str(key) for key in item if key not in known)
    if unknown:
        raise EstimateError(f"{len(unknown)} unknown key in {where} ({first_examples(unknown)})",
                            f"one of {', '.join(known)}", f"correct {where} in config.yaml")  # fmt: skip


def check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse names that nothing defines.

    Parameters
    ----------
    names, known : iterable of str
        Names used and names defined.
    where : str
        Their place, for the message.

    Raises
    ------
    EstimateError
        With the first unknown names.
    """
    known = sorted(known)
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise EstimateError(
            f"{where} names {len(unknown)} that is unknown ({first_examples(unknown)})",
            f"one of {first_examples(known, 12)}",
            "define it or correct the name",
        )


def checked_items(section: Any, known: Sequence[str], where: str) -> list[dict[str, Any]]:
    """Return the entries of a list of specifications after checking keys and ids.

    Parameters
    ----------
    section : object
        A list of mappings with ``id``.
    known : sequence of str
        Allowed keys.
    where : str
        Its place, for messages.

    Returns
    -------
    list of dict

    Raises
    ------
    EstimateError
        If it is no list, a key is unknown, or an id is missing or used twice.
    """
    if not isinstance(section, list) or not section:
        raise EstimateError(f"{where} holds {section!r}", "a list of specifications", f"correct {where}")
    for item in section:
        check_keys(item, known, where)
    ids = [str(item.get("id", "")) for item in section]
    bad = sorted({name for name in ids if not name or ids.count(name) > 1})
    if bad:
        raise EstimateError(f"{where} has {len(bad)} id that is empty or used twice ({first_examples(bad)})",
                            "one id for one specification", "rename it")  # fmt: skip
    return [dict(item) for item in section]


def check_role(role: str, where: str) -> str:
    """Return ``role`` if the contract knows it.

    Parameters
    ----------
    role : str
        Role of a specification.
    where : str
        Its place, for the message.

    Returns
    -------
    str

    Raises
    ------
    EstimateError
        If it is unknown.
    """
    check_names([role], ROLES, f"{where}.role")
    return role


def sample_units(scheme: SchemeInfo, sample: str, where: str) -> tuple[str, ...]:
    """Return the units of a sample.

    Parameters
    ----------
    scheme : SchemeInfo
        Unit scheme.
    sample : str
        Name of the sample.
    where : str
        Specification, for the message.

    Returns
    -------
    tuple of str
        Sorted.

    Raises
    ------
    EstimateError
        If the scheme has no such sample.
    """
    check_names([sample], scheme.samples, where)
    return scheme.samples[sample]


def sample_rows(frame: pd.DataFrame, units: Sequence[str], columns: Sequence[str], where: str) -> pd.DataFrame:
    """Return one complete row for each unit of a sample, matched by id.

    Parameters
    ----------
    frame : DataFrame
        Has ``unit`` and ``columns``; one row for each unit.
    units : sequence of str
        Units wanted.
    columns : sequence of str
        Columns that may hold no gap.
    where : str
        Specification and period, for messages.

    Returns
    -------
    DataFrame
        In the order of ``units``, whatever the order of the rows was.

    Raises
    ------
    EstimateError
        If a unit has two rows or none, or a value is missing.
    """
    chosen = frame[frame["unit"].isin(list(units))]
    twice = sorted(chosen.loc[chosen["unit"].duplicated(), "unit"].unique())
    if twice:
        raise EstimateError(f"{where}: {len(twice)} units have two rows ({first_examples(twice)})",
                            "one row for each unit", "remove the duplicates")  # fmt: skip
    rows = chosen.set_index("unit").reindex(list(units)).rename_axis("unit").reset_index()
    gaps = [f"{unit} {name}" for name in columns for unit in rows.loc[~np.isfinite(rows[name].astype(float)), "unit"]]
    if gaps:
        raise EstimateError(f"{where}: {len(gaps)} values are missing or infinite ({first_examples(gaps)})",
                            "a number for every unit of the sample",
                            "supply it, or leave the unit out with a sample in config.yaml")  # fmt: skip
    return rows


def one_text(values: pd.Series) -> str:
    """Return the one text of a column, or the different ones joined by ``+``.

    Parameters
    ----------
    values : Series
        Texts such as the output basis.

    Returns
    -------
    str
        Missing values are left out.
    """
    return "+".join(sorted({str(value) for value in values.dropna() if str(value)}))


def basis_warning(basis: str, first_official: int | None) -> str:
    """Say in words that a row rests on the output proxy.

    Parameters
    ----------
    basis : str
        Output basis of the row.
    first_official : int or None
        First year with official output.

    Returns
    -------
    str
        Empty for official output.
    """
    until = f" before {first_official}" if first_official is not None else ""
    if basis == SPLICED:
        return f"PROXY output{until}, joined with official output"
    return f"PROXY output{until}" if PROXY in basis else ""


def joined(*warnings: str) -> str:
    """Join the warnings that are not empty.

    Parameters
    ----------
    *warnings : str
        Texts.

    Returns
    -------
    str
    """
    return "; ".join(text for text in warnings if text)


def is_constant(values: np.ndarray) -> bool:
    """Tell whether values do not vary beyond rounding.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Any values.

    Returns
    -------
    bool
    """
    return bool(np.ptp(values) <= CONSTANT * np.abs(values).max())


def inference_fields(result: Inference, scale: float = 1.0) -> dict[str, Any]:
    """Arrange a t test as fields of an estimate.

    Parameters
    ----------
    result : Inference
        Test and interval.
    scale : float
        Factor from the unit of the computation to the unit of the row.

    Returns
    -------
    dict
        Keyword arguments of ``Estimate``.
    """
    return {
        "estimate": scale * result.estimate,
        "std_error": scale * result.std_error,
        "statistic": result.statistic,
        "df": result.df,
        "p_value": result.p_value,
        "conf_low": scale * result.conf_low,
        "conf_high": scale * result.conf_high,
        "conf_level": result.level,
    }


def periods_of(frame: pd.DataFrame) -> list[str]:
    """Return the periods of a frame by their years.

    Parameters
    ----------
    frame : DataFrame
        Has ``period``, ``start_year``, ``end_year``.

    Returns
    -------
    list of str
    """
    unique = frame[["start_year", "end_year", "period"]].drop_duplicates()
    return [str(name) for name in unique.sort_values(["start_year", "end_year", "period"])["period"]]


# --- sigma convergence --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SigmaSpec:
    """One specification of sigma convergence.

    Attributes
    ----------
    id : str
        Name.
    sample : str
        Sample.
    unit_scheme : str
        Unit scheme.
    role : str
        Role of its primary test.
    """

    id: str
    sample: str
    unit_scheme: str
    role: str = "robustness"


@dataclass(frozen=True)
class SigmaResults:
    """Estimates, drawable series and a summary of the sigma family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def parse_sigma_specs(section: Any, schemes: Mapping[str, SchemeInfo], default_scheme: str) -> tuple[SigmaSpec, ...]:
    """Read ``estimates.sigma`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys ``id``, ``sample``, ``unit_scheme``, ``role``.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of SigmaSpec

    Raises
    ------
    EstimateError
        If a key, sample or unit scheme is unknown, or an id is used twice.
    """
    specs = []
    for item in checked_items(section, SIGMA_KEYS, "estimates.sigma"):
        where = f"estimates.sigma.{item['id']}"
        scheme, sample = item.get("unit_scheme", default_scheme), item.get("sample", "all")
        check_names([scheme], schemes, where)
        check_names([sample], schemes[scheme].samples, where)
        role = check_role(item.get("role", "robustness"), where)
        specs.append(SigmaSpec(item["id"], sample, scheme, role))
    return tuple(specs)


def estimate_sigma(
    panels: Mapping[str, pd.DataFrame],
    periods: Mapping[str, pd.DataFrame],
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[SigmaSpec],
    inference: InferenceSpec,
) -> SigmaResults:
    """Follow dispersion year by year and test its ends in every period.

    Parameters
    ----------
    panels : mapping of str to DataFrame
        Panel of each unit scheme: ``unit``, ``year``, ``basis``, ``log_income``, ``population``.
    periods : mapping of str to DataFrame
        Periods of each unit scheme.
    schemes : mapping of str to SchemeInfo
        Samples of each unit scheme.
    specs : sequence of SigmaSpec
        Specifications.
    inference : InferenceSpec
        Confidence level.

    Returns
    -------
    SigmaResults
        For every specification and period the slope test (its role is that of the specification), T2
        (ladder), T3 and both sigmas (description); the series has one row for each specification and year.

    Raises
    ------
    EstimateError
        If a unit of a sample has no income in a year.
    """
    estimates: list[Estimate] = []
    paths = []
    for spec in specs:
        scheme = schemes[spec.unit_scheme]
        units = sample_units(scheme, spec.sample, f"estimates.sigma.{spec.id}")
        paths.append(sigma_path(panels[spec.unit_scheme], units, spec))
        frame = periods[spec.unit_scheme]
        for period in periods_of(frame):
            estimates += _period_rows(frame[frame["period"] == period], units, spec, scheme, inference)
    series = pd.concat(paths).sort_values(["spec_id", "unit_scheme", "year"], ignore_index=True)
    fit = {
        "specs": [spec.id for spec in specs],
        "years": sorted(int(year) for year in series["year"].unique()),
    }
    return SigmaResults(estimates, series, fit)


def sigma_path(panel: pd.DataFrame, units: Sequence[str], spec: SigmaSpec) -> pd.DataFrame:
    """Return dispersion by year with the band of leaving one unit out.

    Parameters
    ----------
    panel : DataFrame
        ``unit``, ``year``, ``basis``, ``log_income`` and perhaps ``population``.
    units : sequence of str
        Units of the sample.
    spec : SigmaSpec
        Names the rows.

    Returns
    -------
    DataFrame
        Columns ``SIGMA_SERIES``. ``sigma_low`` and ``sigma_high`` are the smallest and largest sigma without
        one unit, which ``unit_low`` and ``unit_high`` name.

    Raises
    ------
    EstimateError
        If a unit of the sample has no income in a year.
    """
    where = f"estimates.sigma.{spec.id}"
    wide = _by_year(panel, "log_income", units, where)
    y = wide.to_numpy()
    basis = panel[panel["unit"].isin(list(units))].groupby("year")["basis"].agg(one_text)
    out = pd.DataFrame({"year": wide.columns, "basis": basis.reindex(wide.columns).to_numpy(), "n_units": len(units)})
    out = out.assign(spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, sigma=sigma(y))
    out = out.assign(**_band(y, list(wide.index)))
    out["sigma_population_weighted"] = _weighted(panel, units, y, where)
    level = np.exp(y)
    out = out.assign(cv=coefficient_of_variation(level), p90_p10=percentile_ratio(level), iqr=interquartile_range(y))
    return out[list(SIGMA_SERIES)]


def _by_year(panel: pd.DataFrame, column: str, units: Sequence[str], where: str) -> pd.DataFrame:
    chosen = panel[panel["unit"].isin(list(units))]
    twice = chosen[chosen.duplicated(["unit", "year"])]
    if len(twice):
        cells = [f"{row.unit} {row.year}" for row in twice.itertuples()]
        raise EstimateError(f"{where}: {len(cells)} rows appear twice ({first_examples(cells)})",
                            "one row for each unit and year", "remove the duplicates")  # fmt: skip
    wide = chosen.pivot(index="unit", columns="year", values=column).reindex(list(units)).sort_index(axis=1)
    gaps = [f"{unit} {year}" for unit, row in wide.iterrows() for year in wide.columns[~np.isfinite(row.astype(float))]]
    if gaps or wide.shape[1] == 0:
        raise EstimateError(
            f"{where}: {column} is missing for {len(gaps)} unit-years ({first_examples(gaps)})",
            "a value for every unit of the sample in every year of the panel",
            "shorten panel.years or leave the unit out with a sample",
        )
    return wide.astype(float)


def _band(y: np.ndarray, units: list[str]) -> dict[str, Any]:
    if len(units) < MIN_UNITS:
        missing, nobody = np.full(y.shape[1], NAN), np.full(y.shape[1], "", dtype=object)
        return {"sigma_low": missing, "unit_low": nobody, "sigma_high": missing, "unit_high": nobody}
    without, names = leave_one_out_sigma(y), np.array(units, dtype=object)
    return {
        "sigma_low": without.min(axis=0), "unit_low": names[without.argmin(axis=0)],
        "sigma_high": without.max(axis=0), "unit_high": names[without.argmax(axis=0)],
    }  # fmt: skip


def _weighted(panel: pd.DataFrame, units: Sequence[str], y: np.ndarray, where: str) -> np.ndarray:
    # ASSUME: a study that has no population at all gets no population-weighted dispersion; a gap in it is an
    # error.
    if "population" not in panel or panel["population"].isna().all():
        return np.full(y.shape[1], NAN)
    return weighted_sigma(y, _by_year(panel, "population", units, where).to_numpy())


def _period_rows(
    frame: pd.DataFrame, units: Sequence[str], spec: SigmaSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> list[Estimate]:
    period = str(frame["period"].iloc[0])
    where = f"estimates.sigma.{spec.id} {period}"
    rows = sample_rows(frame, units, ("log_income_start", "log_income_end"), where)
    ends = rows[["unit", "log_income_start", "log_income_end"]]
    basis = one_text(rows["basis"])
    base: dict[str, Any] = {
        "family": "sigma",
        "spec_id": spec.id,
        "outcome": "log_income",
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": period,
        "n_obs": len(rows),
        "n_units": len(rows),
        "n_periods": 2,
        "output_basis": basis,
        "data_hash": content_hash(ends),
    }
    note = basis_warning(basis, scheme.first_official)
    both = (ends["log_income_start"].to_numpy(float), ends["log_income_end"].to_numpy(float))
    return [*_sigma_rows(base, both, note), *_test_rows(base, both, note, spec.role, inference.conf_level)]


def _sigma_rows(base: dict[str, Any], ends: tuple[np.ndarray, np.ndarray], note: str) -> list[Estimate]:
    few = "not defined: fewer than two units" if len(ends[0]) < 2 else ""
    shared = {**base, "estimator": "sigma", "effect_type": "stat", "role": "description",
              "unit_of_measure": "log points", "warning": joined(note, few)}  # fmt: skip
    return [Estimate(**shared, term=term, estimate=float(sigma(values)))
            for term, values in zip(("sigma_start", "sigma_end"), ends, strict=True)]  # fmt: skip


def _test_rows(
    base: dict[str, Any], ends: tuple[np.ndarray, np.ndarray], note: str, role: str, level: float
) -> list[Estimate]:
    slope = {
        **base,
        "estimator": "sigma_slope_test",
        "term": "sum_of_ends",
        "contrast": "start - end",
        "role": role,
        "unit_of_measure": "slope",
    }
    t2 = {
        **base,
        "estimator": "carree_klomp_t2",
        "term": "t2",
        "contrast": "start - end",
        "effect_type": "stat",
        "role": "ladder",
        "unit_of_measure": "chi-squared",
    }
    t3 = {
        **base,
        "estimator": "carree_klomp_t3",
        "term": "t3",
        "contrast": "start - end",
        "effect_type": "stat",
        "role": "description",
        "unit_of_measure": "statistic",
    }
    try:
        _check_ends(*ends)
        result = sigma_slope_test(*ends, level)
        ratio, described = carree_klomp_t2_test(*ends), float(carree_klomp_t3(*ends))
    except NumericsError as error:
        warning = joined(note, f"not defined: {error}")
        return [Estimate(**row, estimate=NAN, warning=warning) for row in (slope, t2, t3)]
    value = float(ratio.statistic)
    return [
        Estimate(**slope, **inference_fields(result), se_type="HC3", p_type="t, two-sided", warning=note),
        Estimate(
            **t2,
            estimate=value,
            statistic=value,
            df=1,
            p_value=float(ratio.p_value),
            p_type="chi-squared(1)",
            warning=joined(note, "size is right only for independent normal units"),
        ),
        Estimate(**t3, estimate=finite_or_nan(described), warning=joined(note, "description, no p-value")),
    ]


def _check_ends(start: np.ndarray, end: np.ndarray) -> None:
    if len(start) < MIN_UNITS:
        raise NumericsError(f"{len(start)} units, a test needs at least {MIN_UNITS}")
    if is_constant(start) or is_constant(end):
        raise NumericsError("income is the same in every unit")
    if is_constant(end - start) or np.ptp(end - start) <= CONSTANT * np.abs(start).max():
        raise NumericsError("every unit grew by the same amount")
