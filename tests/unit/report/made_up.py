"""A made-up study for the tests of page and paper: three units, invented numbers, nothing about the world."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.report.context import Inputs
from evenfield.shared.estimates import Estimate, write_estimates
from evenfield.study.config import checked_config
from evenfield.study.files import write_json, write_results, write_text

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300" viewBox="0 0 600 300">'
    '<rect width="600" height="300" fill="#fff"/><circle cx="300" cy="150" r="60" fill="#1c5a70"/></svg>\n'
)
TABLE = """<table id="{id}" class="result">
<caption>Made-up table {id}</caption>
<thead>
<tr><th scope="col" class="left">Unit</th><th scope="col" class="right">Value</th></tr>
</thead>
<tbody>
<tr class="group"><th scope="rowgroup" colspan="2">first group</th></tr>
<tr><th scope="row" class="left" data-value="a">a</th><td class="right" data-value="10">10.0</td></tr>
<tr><th scope="row" class="left" data-value="b">b &amp; co</th><td class="right" data-value="9">9.0</td></tr>
<tr><th scope="row" class="left" data-value="c">c</th><td class="right" data-value="-2">−2.0</td></tr>
<tr><th scope="row" class="left" data-value="d">d</th><td class="right" data-value=""></td></tr>
</tbody>
<tfoot>
<tr><td colspan="2">Made-up figures.</td></tr>
</tfoot>
</table>
"""
CONFIG: dict[str, Any] = {
    "study": {"id": "made_up", "title": "A made-up study", "question": "Does anything spread?",
              "unit_name": "state", "units_name": "states"},
    "data": {"package": "data/datapackage.json"},
    "panel": {"years": [1980, 2000], "income": {"column": "income", "unit": "crowns"}, "unit_scheme": "all"},
    "periods": {"P1": {"start": 1980, "end": 1990, "label": "1980-90"}, "P2": {"start": 1990, "end": 2000}},
    "estimates": {"beta": [{"id": "absolute"}], "sigma": [{"id": "unweighted"}]},
}  # fmt: skip
POLICY: dict[str, Any] = {
    "taxonomy": {"primary": "lists", "all": ["lists"]},
    "estimates": {
        **CONFIG["estimates"],
        "design": {"weights": ["contiguity"]},
        "relative_income": {"taxonomies": ["lists"]},
        "exposure": [{"id": "first", "taxonomy": "lists", "weights": "contiguity", "role": "primary"}],
        "spatial_panel": {
            "variables": {"zones": {"kind": "zones", "zone_type": "state", "label": "zones in force"}},
            "specifications": [{"id": "sp", "regressors": ["zones"], "years": [1980, 2000]}],
        },
    },
}
DIFFERENCE = "exposure_cluster - exposure_sez"
SLX = Estimate(
    family="exposure", role="primary", estimator="slx", spec_id="first", outcome="growth_pct_per_year",
    term="exposure_cluster", contrast=DIFFERENCE, unit_scheme="all", period="P1", treatment_def="lists",
    w_id="contiguity", estimate=1.5, std_error=2.0, p_value=0.4, conf_low=-2.5, conf_high=5.5, conf_level=0.95,
    n_obs=31, n_units=31, se_type="SCPC avc 0.03", sesoi=1.0, mde=6.0, unit_of_measure="pp/yr per exposure 0 to 1",
    output_basis="proxy",
)  # fmt: skip


def policy_config() -> dict[str, Any]:
    return checked_config({**CONFIG, **POLICY})


def plain_config() -> dict[str, Any]:
    return checked_config(CONFIG)


def convergence_estimates(slope: float = -0.02, *, wide: bool = False, basis: str = "official") -> list[Estimate]:
    """Return slope, speed, half-life, both sigmas and their test for both periods."""
    half = 0.05 if wide else 0.005
    rows = []
    for period in ("P1", "P2"):
        base: dict[str, Any] = {"spec_id": "absolute", "outcome": "growth", "unit_scheme": "all", "period": period,
                                "n_obs": 31, "n_units": 31, "output_basis": basis}  # fmt: skip
        beta = {**base, "family": "beta", "estimator": "ols", "conf_level": 0.95}
        rows += [
            Estimate(**beta, term="log_income_start", effect_type="coef", estimate=slope, conf_low=slope - half,
                     conf_high=slope + half, p_value=0.3 if wide else 0.001, se_type="HC3", unit_of_measure="per year"),
            Estimate(**beta, term="speed", effect_type="lambda", estimate=-100 * slope, conf_low=-100 * (slope + half),
                     conf_high=-100 * (slope - half), unit_of_measure="% per year"),
            Estimate(**beta, term="half_life", effect_type="half_life", estimate=abs(0.7 / slope),
                     unit_of_measure="years"),
        ]  # fmt: skip
        sigma = {**base, "spec_id": "unweighted", "family": "sigma", "outcome": "log_income"}
        rows += [
            Estimate(**sigma, estimator="sigma", term="sigma_start", effect_type="stat", estimate=0.5),
            Estimate(**sigma, estimator="sigma", term="sigma_end", effect_type="stat", estimate=0.5 + 3 * slope),
            Estimate(**sigma, estimator="sigma_slope_test", term="sum_of_ends", estimate=0.02, conf_low=0.02 - half,
                     conf_high=0.02 + half, p_value=0.3 if wide else 0.001, conf_level=0.95, se_type="HC3"),
        ]  # fmt: skip
    return rows


def policy_estimates() -> list[Estimate]:
    """Return exposure, detectable effects and group means for both periods."""
    rows = [replace(SLX, period=period) for period in ("P1", "P2")]
    for period in ("P1", "P2"):
        for design, term, minus in (
            ("exposures", "exposure_cluster", "exposure_sez"),
            ("joint", "own_cluster", "own_sez"),
        ):
            rows.append(Estimate(
                family="design", role="design", estimator="mde_t", spec_id=design, outcome="growth_pct_per_year",
                term=term, contrast=f"{term} - {minus}", effect_type="stat", unit_scheme="all", period=period,
                treatment_def="lists", w_id="contiguity" if design == "exposures" else "", estimate=5.0, mde=5.0,
                conf_level=0.95, n_obs=31, n_units=31, unit_of_measure="pp/yr",
            ))  # fmt: skip
        for cell, mean in (("both", 8.0), ("cluster only", 7.0), ("SEZ only", 6.0), ("neither", 5.0)):
            rows.append(Estimate(
                family="relative_income", estimator="mean", spec_id="lists", outcome="growth_pct_per_year", term=cell,
                effect_type="stat", unit_scheme="all", period=period, treatment_def="lists", estimate=mean, n_units=2,
            ))  # fmt: skip
    return rows


AT_BOUND = "the spatial parameter is at the edge of its range"
EFFECTS = {"direct": 0.5, "indirect": -0.25, "total": 0.25}


def spatial_panel_estimates() -> list[Estimate]:
    """Return effects of two models with two weights, one of them at the edge of its range, and rho with its ladder."""
    rows = []
    shared: dict[str, Any] = {"family": "spatial_panel", "spec_id": "sp", "outcome": "log_income", "unit_scheme": "all",
                              "period": "1980-2000", "n_units": 4, "conf_level": 0.95,
                              "unit_of_measure": "log points"}  # fmt: skip
    for estimator, half in (("slx", 1.0), ("sdm", 1.0), ("sdm_observed", 0.1)):
        for name, value in EFFECTS.items():
            row = {**shared, "estimator": estimator, "term": "zones", "effect_type": name, "estimate": value,
                   "conf_low": value - half, "conf_high": value + half, "p_value": 0.4, "mde": 1.4}  # fmt: skip
            rows += [Estimate(**row, w_id=weights) for weights in ("contiguity", "dense") if
                     estimator == "slx" or weights == "contiguity"]  # fmt: skip
    for estimator, value in (("sdm", 0.6), ("sdm_factors_1", 0.3), ("sdm_factors_2", 0.2)):
        rows.append(Estimate(**shared, estimator=estimator, term="rho", estimate=value, w_id="contiguity"))
    rows.append(Estimate(**shared, estimator="sdm", term="rho", estimate=1.0, w_id="dense", warning=AT_BOUND))
    rows.append(Estimate(**shared, estimator="sdm", term="residual autocorrelation", effect_type="stat", estimate=0.8,
                         w_id="contiguity"))  # fmt: skip
    return rows


def write_spread(folder: Path) -> list[str]:
    """Write effects by unit and by pair, and the summary of the spatial panels."""
    units = ["AA", "BB", "CC", "DD"]
    fits = [("slx", "contiguity"), ("slx", "dense"), ("sdm", "contiguity")]
    keys = [{"spec_id": "sp", "w_id": weights, "estimator": model, "term": "zones"} for model, weights in fits]
    reach = [{**key, "unit": unit, "own": 0.5, "received": -0.25 + 0.01 * i, "sent": -0.25 - 0.01 * i}
             for key in keys for i, unit in enumerate(units)]  # fmt: skip
    links = [{**key, "unit_i": a, "unit_j": b, "effect": 0.5 if a == b else -0.1 * (1 + i) - 0.01 * j}
             for key in keys for i, a in enumerate(units) for j, b in enumerate(units)]  # fmt: skip
    spec = {"id": "sp", "regressors": ["zones"], "years": [1980, 2000], "role": "exploratory", "model": "SDM",
            "weights": "contiguity", "outcome": "log_income", "sample": "all"}  # fmt: skip
    fit = {"specifications": [spec], "regressors": {"zones": "zones in force"}, "reading": ["Read <this> first."],
           "effective_neighbours": {"contiguity": 2.0, "dense": 3.0}}  # fmt: skip
    paths = [folder / name for name in ("reach.csv", "links.csv", "fit.json")]
    write_results(pd.DataFrame(reach), paths[0])
    write_results(pd.DataFrame(links), paths[1])
    write_json(fit, paths[2])
    return [str(path) for path in paths]


def design_series() -> pd.DataFrame:
    cells = {"both": "AA", "cluster only": "BB", "SEZ only": "CC", "neither": "DD"}
    rows: list[dict[str, Any]] = [
        {"block": "cells", "taxonomy": "lists", "period": "all", "term": cell, "value": 1, "units": unit,
         "note": "periods: P1, P2"}
        for cell, unit in cells.items()
    ]  # fmt: skip
    rows += [
        {"block": "correlation", "taxonomy": "lists", "period": "all", "term": "own", "value": 0.5},
        {"block": "correlation", "taxonomy": "lists", "weights": "contiguity", "period": "all", "value": 0.6},
    ]
    columns = ["block", "taxonomy", "weights", "design", "period", "year", "term", "value", "units", "note"]
    return pd.DataFrame(rows, columns=columns)


def write_study(results: Path, *, policy: bool) -> Inputs:
    """Write every file that page and paper read and return their names."""
    estimates = convergence_estimates() + ([*policy_estimates(), *spatial_panel_estimates()] if policy else [])
    write_estimates(estimates, results / "estimates.csv")
    write_json({"data_hash": "0" * 64, "simulated": ["panel"], "tables": {"panel": {"hash": "1" * 64, "rows": 3}}},
               results / "ingest" / "description.json")  # fmt: skip
    write_json({"units": ["AA", "BB", "CC", "DD"], "years": [1980, 1990, 2000]}, results / "panel" / "description.json")
    names = {"unit": ["AA", "BB", "CC", "DD"], "name": ["Alpha", "Beta <b>", "Gamma", "Delta"],
             "tile_row": [1, 1, 2, 2], "tile_col": [1, 2, 1, 2]}  # fmt: skip
    write_results(pd.DataFrame(names), results / "panel" / "units.csv")
    _write_claims(results / "ingest", policy=policy)
    write_verdicts(results, policy=policy)
    series = results / "estimates" / "design" / "series.csv"
    if policy:
        write_results(design_series(), series)
    return Inputs(
        estimates=str(results / "estimates.csv"), exhibits=_write_exhibits(results, policy=policy),
        design=[str(series)] if policy else [], ingest=str(results / "ingest" / "description.json"),
        panel=str(results / "panel" / "description.json"), units=str(results / "panel" / "units.csv"),
        claims=str(results / "ingest" / "claims.csv"), judgement=str(results / "verdicts.json"),
        verdicts=str(results / "verdicts.csv"), verdict_rows=str(results / "verdict_rows.csv"),
        sources=str(results / "ingest" / "sources.csv"), config=policy_config() if policy else plain_config(),
        scripts={"F4": "workflow/scripts/draw_made_up.py"},
        spread=write_spread(results / "estimates" / "spatial_panel") if policy else [],
    )  # fmt: skip


def _write_claims(ingest: Path, *, policy: bool) -> None:
    claims = [
        ("L1", "1", "A claim that can be tested.", "A", "", "to a test", ""),
        ("L2", "2 3", "A claim about <towns>.", "C", "R1", "out of reach", "Data on towns."),
    ]
    columns = ["claim_id", "paragraphs", "claim", "class", "reason_codes", "route", "deciding_data"]
    write_results(pd.DataFrame(claims if policy else [], columns=columns), ingest / "claims.csv")
    write_results(pd.DataFrame({"code": ["R1"], "meaning": ["Smaller units are needed."]}), ingest / "reasons.csv")
    sources = {"source": ["MADE"], "citation": ["Made up."], "vintage": [""], "licence": ["CC0"]}
    write_results(pd.DataFrame(sources), ingest / "sources.csv")


def write_verdicts(results: Path, *, policy: bool) -> None:
    """Write a verdict on both claims: one with an estimate behind it, one out of reach."""
    verdicts = [
        {"claim_id": "L1", "class": "A", "hypotheses": "H8", "verdict": "LEANS SUPPORT"},
        {"claim_id": "L2", "class": "C", "hypotheses": "", "verdict": "NOT TESTABLE HERE"},
    ]
    rows = {"hypothesis": "H8", "part": "difference", "hypothesis_verdict": "LEANS SUPPORT", "verdict": "LEANS SUPPORT",
            "limits": "no leave-one-out was run", "period": "P1", "estimate": 1.5, "conf_low": -0.1, "conf_high": 3.1,
            "conf_level": 0.95, "p_value": 0.07, "p_adjusted": 0.2, "unit_of_measure": "pp/yr", "output_basis": "proxy",
            "mde": 6.0, "sesoi": 1.0}  # fmt: skip
    frame = pd.DataFrame([rows]) if policy else pd.DataFrame(columns=list(rows))
    write_results(pd.DataFrame(verdicts if policy else [], columns=list(verdicts[0])), results / "verdicts.csv")
    write_results(frame, results / "verdict_rows.csv")
    words = ("SUPPORTED", "LEANS SUPPORT", "INCONCLUSIVE", "INCONCLUSIVE (UNDERPOWERED)", "LEANS AGAINST",
             "CONTRADICTED", "CONSISTENT", "MIXED", "NOT CONSISTENT", "NOT TESTABLE HERE", "NOT A STATISTICAL CLAIM",
             "NOT YET BUILT", "NOT RUN")  # fmt: skip
    found = [row["verdict"] for row in verdicts] if policy else []
    write_json({"claims": {row["claim_id"]: row for row in verdicts} if policy else {},
                "counts": {word: found.count(word) for word in words}, "words": list(words),
                "estimates": {"all": 7, "exploratory": 2},
                "hypotheses": {}, "provenance": "complete",
                "rule": {"hash": "2" * 64, "version": 1, "thresholds": {}}}, results / "verdicts.json")  # fmt: skip


VERDICTS = """<table id="T0" class="result">
<caption>Verdict on each claim</caption>
<thead>
<tr><th scope="col" class="left">No.</th><th scope="col" class="left">Claim, in our words</th>
<th scope="col" class="left">Verdict</th><th scope="col" class="left">Reason</th>
<th scope="col" class="right">p</th></tr>
</thead>
<tbody>
<tr><th scope="row" class="left">L1</th><td class="left">A claim that can be tested.</td>
<td class="left">LEANS SUPPORT</td><td class="left">Made-up reason.</td><td class="right">.070</td></tr>
<tr><th scope="row" class="left">L2</th><td class="left">A claim about &lt;towns&gt;.</td>
<td class="left">NOT TESTABLE HERE</td><td class="left">Smaller units are needed.</td><td class="right"></td></tr>
</tbody>
<tfoot>
<tr><td colspan="5">Made-up verdicts.</td></tr>
</tfoot>
</table>
"""


def _write_exhibits(results: Path, *, policy: bool) -> list[str]:
    paths = []
    if policy:
        write_text(VERDICTS, results / "tables" / "T0.html")
        write_results(pd.DataFrame({"claim_id": ["L1", "L2"]}), results / "tables" / "T0.csv")
        paths = [str(results / "tables" / f"T0{ending}") for ending in (".csv", ".html")]
    for name in ("T6", "T99"):
        write_text(TABLE.format(id=name), results / "tables" / f"{name}.html")
        write_results(pd.DataFrame({"unit": ["a"], "value": [1.5]}), results / "tables" / f"{name}.csv")
        paths += [str(results / "tables" / f"{name}{ending}") for ending in (".csv", ".html")]
    write_text(SVG, results / "figures" / "F4.svg")
    write_text('A dot in the middle; "quoted".\n', results / "figures" / "F4.alt.txt")
    write_results(pd.DataFrame({"x": [1.0]}), results / "figures" / "F4.csv")
    (results / "figures" / "F4.png").write_bytes(DOT)
    return [*paths, *(str(results / "figures" / f"F4{ending}") for ending in (".alt.txt", ".csv", ".png", ".svg"))]
