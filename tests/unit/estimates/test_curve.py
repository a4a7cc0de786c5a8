"""Specification curves: against refits, chunks, alignment, planted effects, what is not defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tolerances import CLOSED_FORM

from evenfield.numerics.ols import fit_ols
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import weights_from_edges
from evenfield.topics.specification_curve.estimate import CurveResults, estimate_curves, specification_rows
from evenfield.topics.specification_curve.estimate_data import SchemeTables, scheme_tables
from evenfield.topics.specification_curve.estimate_draws import chunk_of_draws, permuted_curves
from evenfield.topics.specification_curve.estimate_spec import Curve, parse_curves, specifications

N, NAMES = 24, [f"u{i:02d}" for i in range(24)]
SAMPLES: dict[str, list[str]] = {"all": [], "small": ["u00", "u23"]}
STUDY: dict[str, Any] = {"periods": ["P1", "P2"], "unit_scheme": "all", "weights": ["ring"], "taxonomies": ["seed"],
                         "samples": SAMPLES}  # fmt: skip
SECTION: dict[str, Any] = {"draws": 99, "curves": [
    {"id": "near", "hypothesis": "H8", "kind": "exposure", "contrast": "cluster - sez", "predicted": "+",
     "samples": ["all", "small"]},
    {"id": "own", "hypothesis": "H1", "kind": "own", "contrast": "cluster", "predicted": "+",
     "outcomes": ["growth_pct_per_year", "relative_log_income"]},
    {"id": "speed", "hypothesis": "H11", "kind": "regime", "contrast": "cluster - sez", "predicted": "-"},
]}  # fmt: skip
CURVES = parse_curves(SECTION, STUDY)


def _frames(effect: float = 0.0) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(5)
    cluster = np.isin(np.arange(N), [1, 2, 3, 9, 17]) * 1.0
    sez = np.isin(np.arange(N), [3, 4, 9, 12, 20]) * 1.0
    near = (np.roll(cluster, 1) + np.roll(cluster, -1)) / 2
    periods = pd.concat([pd.DataFrame({
        "unit": NAMES, "period": name, "start_year": start, "end_year": start + 4,
        "log_income_start": rng.normal(size=N),
        "growth_pct_per_year": effect * near + rng.normal(size=N),
    }) for name, start in (("P1", 2000), ("P2", 2005))])  # fmt: skip
    panel = pd.DataFrame([(u, y, rng.normal()) for u in NAMES for y in range(2000, 2010)],
                         columns=["unit", "year", "relative_log_income"])  # fmt: skip
    cells = pd.concat([pd.DataFrame({"taxonomy": "seed", "unit": NAMES, "period": name, "cluster": cluster, "sez": sez})
                       for name in ("P1", "P2")])  # fmt: skip
    units = pd.DataFrame({"unit": NAMES, "lat": 20 + np.arange(N) % 5, "lon": 100.0 + np.arange(N) // 5,
                          "coastal": (np.arange(N) < 12) * 1})  # fmt: skip
    edges = pd.DataFrame([(NAMES[i], NAMES[(i + s) % N], 0.5) for i in range(N) for s in (1, -1)],
                         columns=["unit_i", "unit_j", "weight"])  # fmt: skip
    return {"periods": periods, "panel": panel, "cells": cells, "units": units, "edges": edges}


def _tables(frames: Mapping[str, pd.DataFrame], order: list[str] | None = None) -> dict[str, SchemeTables]:
    weights = weights_from_edges(frames["edges"], order or sorted(frames["units"]["unit"]), {"weights": "ring"})
    names = ("periods", "panel", "cells", "units")
    return {"all": scheme_tables(*(frames[name] for name in names), {"ring": weights})}


def _results(frames: Mapping[str, pd.DataFrame], curves: list[Curve] = CURVES) -> CurveResults:
    tables = _tables(frames)
    draws = permuted_curves(curves, tables, SAMPLES, 7, range(1, 100))
    rows = specification_rows(curves, tables, SAMPLES, 0.95, slice(None))
    return estimate_curves(curves, rows, draws, {"P1": "proxy"}, "hash")


def test_the_list_is_the_product_of_the_axes() -> None:
    assert [len(specifications(curve)) for curve in CURVES] == [4, 4, 2]
    assert {point.weights for point in specifications(CURVES[1])} == {""}


def test_estimates_are_refits() -> None:
    frames = _frames()
    table = _results(frames).specifications
    row = table[table["curve"].eq("near") & table["sample"].eq("small") & table["period"].eq("P2")].iloc[0]
    data = frames["periods"].query("period == 'P2'").set_index("unit")
    cells = frames["cells"].query("period == 'P2'").set_index("unit")
    near = {name: (np.roll(cells[name], 1) + np.roll(cells[name], -1)) / 2 for name in ("cluster", "sez")}
    X = np.column_stack([cells["cluster"], cells["sez"], near["cluster"], near["sez"], np.ones(N),
                         data["log_income_start"]])  # fmt: skip
    fit = fit_ols(data["growth_pct_per_year"].to_numpy()[1:-1], X[1:-1])
    assert row["estimate"] == pytest.approx(fit.beta[2] - fit.beta[3], abs=CLOSED_FORM)


def test_chunks_give_the_same_draws() -> None:
    tables = _tables(_frames())
    whole = permuted_curves(CURVES, tables, SAMPLES, 7, range(1, 100))
    parts = [permuted_curves(CURVES, tables, SAMPLES, 7, chunk_of_draws(99, f"{i}-of-4")) for i in (1, 2, 3, 4)]
    keys = ["curve", "period", "draw"]
    stacked = pd.concat(parts).sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(stacked, whole.sort_values(keys, ignore_index=True))


def test_shuffled_rows_and_permuted_weights_give_the_same_numbers() -> None:
    frames = _frames()
    mixed = {name: frame.sample(frac=1, random_state=i) for i, (name, frame) in enumerate(frames.items())}
    expected, found = _results(frames), _results(mixed)
    pd.testing.assert_frame_equal(found.specifications, expected.specifications)
    pd.testing.assert_frame_equal(estimates_frame(found.estimates), estimates_frame(expected.estimates))
    turned = _tables(frames, order=NAMES[::-1])
    rows = specification_rows(CURVES, turned, SAMPLES, 0.95, slice(None))
    pd.testing.assert_frame_equal(rows, specification_rows(CURVES, _tables(frames), SAMPLES, 0.95, slice(None)))


def test_a_planted_effect_is_found_jointly_and_only_where_it_is() -> None:
    rows = {(row.spec_id, row.effect_type, row.period): row for row in _results(_frames(effect=20.0)).estimates}
    share = rows["near", "share", "all"]
    assert share.estimate == 1.0
    assert share.n_obs == 4
    assert rows["near", "median", "all"].p_value <= 0.05
    assert rows["near", "median", "all"].estimate == pytest.approx(20.0, abs=3.0)
    assert rows["near", "share", "P1"].warning.startswith("PROXY")
    assert rows["own", "median", "all"].p_value > 0.05


def test_what_is_not_defined_says_why_and_is_not_counted() -> None:
    frames = _frames()
    frames["cells"] = frames["cells"].assign(sez=lambda f: f["sez"].where(f["period"].eq("P2"), 0.0))
    curve = replace(CURVES[0], controls=((), ("schooling",)))
    frames["periods"] = frames["periods"].assign(control_schooling=np.nan)
    found = _results(frames, [curve])
    reasons = set(found.specifications.query("estimate.isna()")["reason"])
    assert reasons == {"control_schooling is not there in P1", "control_schooling is not there in P2",
                       "labels do not vary or are collinear in this sample"}  # fmt: skip
    assert found.summary["defined"] == {"near": 2}
    assert {row.n_obs for row in found.estimates if row.period == "all"} == {2}


def test_missing_units_are_refused() -> None:
    frames = _frames()
    frames["cells"] = frames["cells"][frames["cells"]["unit"].ne("u05")]
    with pytest.raises(EstimateError, match=r"1 units have no row \(u05\)"):
        _tables(frames)
