"""A made-up study for the tests of page and paper: four units, invented numbers, nothing about the world."""

import base64
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.shared.estimates import Estimate, write_estimates
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.write import write_table_files
from evenfield.study.config import checked_config
from evenfield.study.files import write_json, write_results, write_text

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300" viewBox="0 0 600 300">'
    '<rect width="600" height="300" fill="#fff"/><circle cx="300" cy="150" r="60" fill="#1c5a70"/></svg>\n'
)
CONFIG: dict[str, Any] = {
    "study": {
        "id": "made_up",
        "title": "A made-up study",
        "question": "Does anything spread?",
        "unit_name": "state",
        "units_name": "states",
    },
    "data": {"package": "data/datapackage.json"},
    "panel": {"years": [1980, 2000], "income": {"column": "income", "unit": "crowns"}, "unit_scheme": "all"},
    "periods": {"P1": {"start": 1980, "end": 1990, "label": "1980-90"}, "P2": {"start": 1990, "end": 2000}},
    "estimates": {"beta": [{"id": "absolute"}], "sigma": [{"id": "unweighted"}]},
}
SPATIAL = {
    "variables": {"zones": {"expression": "zones_state", "label": "zones in force"}},
    "specifications": [{"id": "sp", "regressors": ["zones"], "years": [1980, 2000]}],
}
POLICY: dict[str, Any] = {
    "taxonomy": {"primary": "lists", "all": ["lists"]},
    "estimates": {
        **CONFIG["estimates"],
        "design": {"weights": ["contiguity"]},
        "exposure": [{"id": "first", "taxonomy": "lists", "weights": "contiguity", "role": "primary"}],
        "spatial_panel": SPATIAL,
    },
}
UNITS = {"AA": "Alpha", "BB": "Beta <b>", "CC": "Gamma", "DD": "Delta"}
EFFECTS = {"direct": 0.5, "indirect": -0.25, "total": 0.25}
BASE: dict[str, Any] = {"unit_scheme": "all", "n_obs": 31, "n_units": 31, "conf_level": 0.95}


def made_config(*, policy: bool) -> dict[str, Any]:
    return checked_config({**CONFIG, **(POLICY if policy else {})})


def estimates(*, policy: bool) -> list[Estimate]:
    """Speeds and dispersion of two periods; with policy also exposure, detectable effects and a spatial panel."""
    rows = []
    for period in ("P1", "P2"):
        shared = {**BASE, "period": period, "outcome": "growth", "output_basis": "proxy" if period == "P1" else ""}
        beta = {**shared, "family": "beta", "estimator": "ols", "spec_id": "absolute", "term": "speed"}
        ends = {"estimate": 2.0, "conf_low": 1.5, "conf_high": 2.5, "unit_of_measure": "% per year"}
        rows.append(Estimate(**beta, effect_type="lambda", **ends))
        sigma = {**shared, "family": "sigma", "estimator": "sigma", "spec_id": "unweighted", "effect_type": "stat"}
        rows += [Estimate(**sigma, term=f"sigma_{end}", estimate=e) for end, e in (("start", 0.5), ("end", 0.44))]
        if policy:
            listed = {**shared, "treatment_def": "lists", "w_id": "contiguity"}
            slx = {**listed, "family": "exposure", "role": "primary", "estimator": "slx", "spec_id": "first"}
            slx |= {
                "term": "exposure_cluster",
                "contrast": "exposure_cluster - exposure_sez",
                "se_type": "SCPC avc 0.03",
            }
            slx |= {"unit_of_measure": "pp/yr per exposure 0 to 1", "sesoi": 1.0, "mde": 6.0}
            rows.append(Estimate(**slx, estimate=1.5, conf_low=-2.5, conf_high=5.5, p_value=0.4))
            mde = {
                **listed,
                "family": "design",
                "estimator": "mde_t",
                "effect_type": "stat",
                "unit_of_measure": "pp/yr",
            }
            for spec, kind in (("exposures", "exposure"), ("joint", "own")):
                both = {"spec_id": spec, "term": f"{kind}_cluster", "contrast": f"{kind}_cluster - {kind}_sez"}
                rows.append(Estimate(**mde, **both, estimate=5.0))
    return rows + (spatial_panel() if policy else [])


def spatial_panel() -> list[Estimate]:
    """Effects of two models with two weights, one of them without numbers, and rho with and without factors."""
    shared = {**BASE, "family": "spatial_panel", "spec_id": "sp", "outcome": "log_income", "period": "1980-2000"}
    shared |= {"unit_of_measure": "log points"}
    rows = []
    for model, weights in (("slx", "contiguity"), ("slx", "dense"), ("sdm", "contiguity")):
        for name, value in EFFECTS.items():
            ends = {"estimate": value, "conf_low": value - 1, "conf_high": value + 1, "p_value": 0.4}
            rows.append(Estimate(**shared, estimator=model, w_id=weights, term="zones", effect_type=name, **ends))
    for model, value in (("sdm", 0.6), ("sdm_factors_1", 0.3), ("sdm_factors_2", 0.2)):
        rows.append(Estimate(**shared, estimator=model, w_id="contiguity", term="rho", estimate=value))
    return rows


def write_study(results: Path, *, policy: bool) -> dict[str, Any]:
    """Write every file that page and paper read and return what they are rendered from."""
    write_estimates(estimates(policy=policy), results / "estimates.csv")
    tables = {"panel": {"hash": "1" * 64, "rows": 3}}
    described = {"data_hash": "0" * 64, "simulated": ["panel"], "tables": tables}
    write_json(described, results / "ingest/description.json")
    panel = results / "panel" / "all"
    write_json({"units": list(UNITS), "years": [1980, 1990, 2000], "unit_scheme": "all"}, panel / "description.json")
    tiles = {"tile_row": [1, 1, 2, 2], "tile_col": [1, 2, 1, 2]}
    write_results(pd.DataFrame({"unit": list(UNITS), "name": list(UNITS.values()), **tiles}), panel / "units.csv")
    sources = {"source": ["MADE"], "citation": ["Made up."], "vintage": [""], "licence": ["CC0"]}
    write_results(pd.DataFrame(sources), results / "ingest" / "sources.csv")
    write_answers(results, policy=policy)
    if policy:
        cells = {"both": "AA", "cluster only": "BB", "SEZ only": "CC", "neither": "DD"}
        rows = [
            {"block": "cells", "taxonomy": "lists", "period": "all", "term": c, "units": u} for c, u in cells.items()
        ]
        write_results(pd.DataFrame(rows), results / "estimates" / "design" / "series.csv")
        write_spread(results / "estimates" / "spatial_panel")
    exhibits = write_exhibits(results, policy=policy)
    scripts = {"F4": "topics/beta/figure.py"}
    return {"config": made_config(policy=policy), "root": results, "exhibits": exhibits, "scripts": scripts}


def write_spread(folder: Path) -> None:
    """Write effects by unit and by pair, and the summary of the spatial panels."""
    fits = [("slx", "contiguity"), ("slx", "dense"), ("sdm", "contiguity")]
    keys = [{"spec_id": "sp", "w_id": weights, "estimator": model, "term": "zones"} for model, weights in fits]
    numbered = list(enumerate(UNITS))
    reach = [
        {**key, "unit": unit, "own": 0.5, "received": -0.25 + 0.01 * i, "sent": -0.25 - 0.01 * i}
        for key in keys
        for i, unit in numbered
    ]
    links = [
        {**key, "unit_i": a, "unit_j": b, "effect": 0.5 if a == b else -0.1 * (1 + i) - 0.01 * j}
        for key in keys
        for i, a in numbered
        for j, b in numbered
    ]
    spec = {**SPATIAL["specifications"][0], "role": "exploratory", "model": "SDM", "weights": "contiguity"}
    spec |= {"outcome": "log_income", "sample": "all"}
    fit = {"specifications": [spec], "regressors": {"zones": "zones in force"}, "reading": ["Read <this> first."]}
    write_results(pd.DataFrame(reach), folder / "reach.csv")
    write_results(pd.DataFrame(links), folder / "links.csv")
    write_json({**fit, "effective_neighbours": {"contiguity": 2.0, "dense": 3.0}}, folder / "fit.json")


def write_answers(results: Path, *, policy: bool) -> None:
    """Write the answers to two claims, or that there are none."""
    words = {"SUGGESTIVE": 1, "NO ANSWER": 0, "OUT OF REACH": 1}
    content = {"sentence": "" if policy else "Nothing is answered.", "words": list(words), "counts": words}
    write_json(content | {"claims": [{}, {}], "questions": 1}, results / "answers.json")


def made_table(name: str) -> Table:
    """A table with a group, a blank cell and a column that the paper leaves out."""
    frame = pd.DataFrame({"unit": ["a", "b & co", "c", "d"], "value": [10.0, 9.0, -2.0, None], "block": "first group"})
    columns = (Column(names=("unit",), header="Unit"), right("Value", "value"), right("Copy", "value", paper=False))
    note = ("Made-up figures.",)
    return Table(id=name, title=f"Made-up table {name}", note=note, columns=columns, frame=frame, group="block")


def write_exhibits(results: Path, *, policy: bool) -> list[str]:
    paths = []
    for name in [*(["T0"] if policy else []), "T6", "T99"]:
        files = [str(results / "tables" / f"{name}.{ending}") for ending in ("csv", "html", "typ")]
        write_table_files(made_table(name), files)
        paths += files
    return paths + write_figure(results / "figures", "F4", 'A dot in the middle; "quoted".\n')


def write_figure(folder: Path, name: str, alt: str = "A dot.\n") -> list[str]:
    for ending, text in ((".svg", SVG), (".csv", "x\n1\n"), (".alt.txt", alt)):
        write_text(text, folder / f"{name}{ending}")
    (folder / f"{name}.png").write_bytes(DOT)
    return [str(path) for path in sorted(folder.glob(f"{name}.*"))]
