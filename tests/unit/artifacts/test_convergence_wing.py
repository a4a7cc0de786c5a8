"""Tables and figures of the convergence wing on made-up frames, without a taxonomy and with dates ten years apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import Table, grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.clubs.figure import draw_clubs, draw_currency
from evenfield.topics.clubs.table import reading, tabulate_clubs, tabulate_clubs_cells
from evenfield.topics.distribution.figure import draw_kernels
from evenfield.topics.distribution.table import tabulate_spatial_chain, tabulate_transitions
from evenfield.topics.dynamic_panel.table import tabulate_dynamic
from evenfield.topics.inequality.figure import draw_inequality
from evenfield.topics.inequality.table import tabulate_growth_shares, tabulate_inequality
from evenfield.topics.moran.figure import draw_pattern
from evenfield.topics.moran.table import tabulate_pattern
from evenfield.topics.regime.table import tabulate_regime
from evenfield.topics.rolling.figure import draw_clock
from evenfield.topics.sigma.table import tabulate_sigma

INFERENCE = {"conf_level": 0.95, "permutations": 999, "seed": 7}
NAN = float("nan")
YEARS = list(range(1940, 2001, 10))
UNITS = [f"XX-{chr(65 + i)}" for i in range(6)]
SHARED: dict[str, Any] = {"unit_scheme": "all", "sample_id": "all", "n_units": 6, "output_basis": "official"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def decades() -> dict[str, Any]:
    return {"unit_scheme": "all", "units": UNITS, "years": YEARS, "income_unit": "money", "data_hash": "ab" * 10,
            "merged": {}, "basis_years": {"official": [1940, 2000]}}  # fmt: skip


@pytest.fixture
def span() -> dict[str, Any]:
    return {"A": {"start": 1940, "end": 2000, "label": "1940-2000", "role": "main"}}


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return estimates_frame(Estimate(**{"spec_id": "s", "outcome": "y", "period": "A", **SHARED, **row}) for row in rows)


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def note(table: Table) -> str:
    return " ".join(grid(table).note)


def sigma_frame() -> pd.DataFrame:
    both = {"contrast": "start - end"}
    return frame(
        {"estimator": "sigma", "term": "sigma_start", "estimate": 0.5},
        {"estimator": "sigma", "term": "sigma_end", "estimate": 0.4},
        {"estimator": "sigma_slope_test", "term": "sum_of_ends", "estimate": NAN, **both,
         "warning": "not defined: every unit grew by the same amount"},
    )  # fmt: skip


def test_sigma_says_why_a_test_is_blank(decades, span, study) -> None:
    table = tabulate_sigma(sigma_frame(), decades, specs=[{"id": "s"}], shown=["A"], periods=span, inference=INFERENCE,
                           study=study)  # fmt: skip
    assert lines(table)[0][:6] == ["1940\u20132000", "0.500", "0.400", "\u221220.0", "(a)", "(a)"]
    assert "every unit grew by the same amount" in note(table)
    assert "PROXY" not in note(table)
    assert "No regression of sigma on time" in note(table)


def clubs_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    test = {"estimator": "logt_fqsb", "term": "b", "std_error": 0.1, "p_value": 0.3}
    estimates = frame(
        *({**test, "outcome": "relative_income", "contrast": f"first {m} periods discarded", "estimate": -0.3,
           "statistic": -3.0 + m} for m in (1, 2, 3)),
        {**test, "outcome": "log_income", "contrast": "first 2 periods discarded", "estimate": 0.1, "statistic": 1.0,
         "warning": "logs: the answer depends on the currency unit"},
        {**test, "outcome": "log_income_/10000", "contrast": "first 2 periods discarded", "estimate": NAN,
         "statistic": NAN, "warning": "logs: the answer depends; not defined: the mean is zero or negative"},
        {"estimator": "phillips_sul", "term": "club_1", "contrast": "merged: phillips_sul", "estimate": -0.2,
         "statistic": -2.0, "warning": "fails its own log t test: it is no club; members: XX-A"},
        {"estimator": "fisher_freeman_halton", "term": "clubs_by_cells", "treatment_def": "none", "estimate": NAN,
         "warning": "not defined: one of the groupings has one group only"},
    )  # fmt: skip
    parts = [{"kind": "transition", "unit": unit, "year": year, "club": int(unit < "XX-D"), "value": 1 + i / 10}
             for i, unit in enumerate(UNITS) for year in YEARS]  # fmt: skip
    parts += [{"kind": "club_mean", "year": year, "club": club, "value": 1.0} for club in (0, 1) for year in YEARS]
    parts += [{"kind": "membership", "unit": unit, "club": int(unit < "XX-D"), "value": 1.0} for unit in UNITS]
    parts += [{"kind": "shared", "unit": a, "unit_j": b, "value": 1.0} for a in UNITS for b in UNITS]
    parts += [{"kind": "currency", "x": x, "value": value} for x, value in ((0.1, NAN), (1.0, 2.0), (10.0, -2.0))]
    series = pd.DataFrame(parts).assign(spec_id="s").fillna({"unit": "", "unit_j": ""})
    return estimates, series.assign(group="")


def test_clubs_show_the_currency_rows_and_a_club_that_fails(decades, span, study) -> None:
    table = tabulate_clubs(
        *clubs_frames(), decades, specs=[{"id": "s"}], periods=span, inference=INFERENCE, study=study
    )
    shown = lines(table)
    assert [row[6] for row in shown[:3]] == ["rejected", "not rejected", "not rejected"]
    assert shown[1][0] == "All, levels of relative income"
    assert [row[0] for row in shown[3:]] == ["All, logs, currency as it is", "All, logs, currency / 10,000",
                                             "Club 1: A B C", "In no club: D E F"]  # fmt: skip
    assert shown[4][2] == "(a)"
    assert shown[5][6] == "no club: fails its own test"
    assert "no evidence that incomes converge" in note(table)
    assert reading(NAN) == ""


def test_further_variants_of_a_span_show_the_test_on_levels_and_what_sets_them_apart(decades, span, study) -> None:
    estimates, series = clubs_frames()
    specs = [{"id": "s", "sieve_step": 0.1}, {"id": "v", "sort_share": 0.3333, "sieve_step": 0.01}]
    both = [pd.concat([part, part.assign(spec_id="v")]) for part in (estimates, series)]
    table = tabulate_clubs(*both, decades, specs=specs, periods=span, inference=INFERENCE, study=study)
    groups = list(dict.fromkeys(line.group for line in grid(table).lines))
    assert groups[1].endswith("units sorted by their mean over the last third, sieve in steps of 0.01")
    assert "sieve" not in groups[0]
    kept = [line.cells[0].text for line in grid(table).lines if line.cells and line.group == groups[1]]
    assert kept == ["All, levels of relative income", "Club 1: A B C", "In no club: D E F"]


def test_clubs_by_cell_without_groups_say_so(decades, span, study) -> None:
    table = tabulate_clubs_cells(*clubs_frames(), decades, specs=[{"id": "s"}], periods=span, inference=INFERENCE,
                                 study=study)  # fmt: skip
    assert lines(table) == [["not tested", "(a)"]]
    none = clubs_frames()[0].query("term == 'b'")
    with pytest.raises(ArtifactError, match="remove T10b"):
        tabulate_clubs_cells(none, clubs_frames()[1], decades, specs=[{"id": "s"}], periods=span, inference=INFERENCE,
                             study=study)  # fmt: skip


def chain_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    chain = {"estimator": "markov", "contrast": "10 years"}
    values = {"p_1_1": 0.9, "p_1_2": 0.1, "p_2_1": 0.2, "p_2_2": 0.8, "ergodic_1": 2 / 3, "ergodic_2": 1 / 3,
              "shorrocks": 0.3}  # fmt: skip
    estimates = frame(
        *({**chain, "term": term, "estimate": value, "conf_low": 0.0, "conf_high": 1.0, "n_obs": 12}
          for term, value in values.items()),
        {**chain, "term": "half_life", "estimate": NAN, "warning": "infinite: the chain does not settle"},
        {"estimator": "spatial_markov", "contrast": "10 years", "term": "q", "estimate": 3.0, "p_value": 0.4,
         "w_id": "near"},
        {"estimator": "stochastic_kernel", "contrast": "10 years", "term": "ergodic_modes", "estimate": 1.0},
    )  # fmt: skip
    parts: list[dict[str, Any]] = [{"kind": "transition", "x": i, "y": j} for i in (1, 2) for j in (1, 2)]
    parts += [{"kind": "spatial", "group": "neighbours in class 1", "x": 1, "y": j, "value": 0.5, "count": 7}
              for j in (1, 2)]  # fmt: skip
    at = np.linspace(-1, 1, 12)
    parts += [{"kind": "kernel", "x": x, "y": y, "value": np.exp(-4 * (x - y) ** 2)} for x in at for y in at]
    parts += [{"kind": "ergodic_density", "x": x, "value": np.exp(-9 * x**2)} for x in at]
    return estimates, pd.DataFrame(parts).assign(spec_id="s", step=10).fillna({"group": ""})


def test_chain_tables_name_the_step_and_mark_thin_rows(decades, span, study) -> None:
    given = {"specs": [{"id": "s", "quantiles": 2}], "periods": span, "inference": INFERENCE, "study": study}
    table = tabulate_transitions(*chain_frames(), decades, **given)
    assert "10 years" in grid(table).lines[0].group
    assert "half-life unbounded" in grid(table).lines[0].group
    assert lines(table)[0] == ["class 1, poorest", "0.90 [0.00, 1.00]", "0.10 [0.00, 1.00]", "12"]
    near = tabulate_spatial_chain(*chain_frames(), decades, **given)
    assert lines(near) == [["class 1", "class 1", "(0.50)", "(0.50)", "7"]]
    assert "Q 3.0, p .400" in grid(near).lines[0].group


def inequality_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    share = {"estimator": "theil_decomposition", "treatment_def": "region", "effect_type": "share"}
    ends = (("start", 0.2), ("end", 0.3))
    estimates = frame(
        *({"estimator": "inequality", "term": "theil_t", "contrast": end, "estimate": value} for end, value in ends),
        *({**share, "term": "between_theil_t", "contrast": end, "estimate": value, "p_value": 0.01}
          for end, value in ends),
        {"estimator": "growth_accounting", "treatment_def": "region", "term": "growth", "estimate": NAN,
         "warning": "not defined: the panel has no output"},
    )  # fmt: skip
    parts = [{"kind": kind, "group": group, "year": year, "value": 0.1, "share": 0.5}
             for kind, group in (("between", ""), ("within", "n"), ("within", "s")) for year in YEARS]  # fmt: skip
    return estimates, pd.DataFrame(parts).assign(spec_id="s", period="A", measure="theil_t", grouping="region")


def test_inequality_and_a_panel_without_output(decades, span, study) -> None:
    given = {"specs": [{"id": "s"}], "shown": ["A"], "periods": span, "study": study}
    table = tabulate_inequality(inequality_frames()[0], decades, inference=INFERENCE, **given)
    assert lines(table)[1][:4] == ["Share between region", "0.200", "0.300", "0.100"]
    assert lines(table)[1][5] == ".010 \u2192 .010"
    assert "not sampling error" in note(table)
    assert "zones" not in note(table)
    growth = tabulate_growth_shares(inequality_frames()[0], decades, **given)
    assert lines(growth)[0][2] == "(a)"
    assert "the panel has no output" in note(growth)


def test_dynamic_flags_the_jackknife_and_gmm(decades, span, study) -> None:
    lag, speed = {"term": "log_income_lag"}, {"term": "speed", "effect_type": "lambda"}
    estimates = frame(
        {"estimator": "bc_fe", **lag, "estimate": 0.9, "std_error": 0.1},
        {"estimator": "bc_fe", **speed, "estimate": 1.0, "conf_high": 3.0, "warning": "serial: x; UNDERPOWERED: y"},
        {"estimator": "half_panel_jackknife", **lag, "estimate": 0.8},
        {"estimator": "half_panel_jackknife", **speed, "estimate": 2.0,
         "warning": "requires stationary initial conditions"},
        {"estimator": "gmm_system", **lag, "estimate": NAN, "warning": "not defined: too few dates"},
    )  # fmt: skip
    table = tabulate_dynamic(estimates, decades, specs=[{"id": "s", "span": 10}], shown=["A"], periods=span,
                             inference=INFERENCE, study=study)  # fmt: skip
    shown = lines(table)
    assert shown[0][3] == "[unbounded, 3.00]"
    assert [row[8] for row in shown] == ["serial, underpowered", "needs stationary start", ""]
    assert shown[2][1] == "(a)"


def test_regime_shows_intervals_and_power(decades, span, study) -> None:
    names = ("initial_x_exposure_cluster", "initial_x_exposure_sez")
    estimates = frame({"estimator": "regime", "term": names[0], "contrast": " - ".join(names), "estimate": 4.0,
                       "conf_low": -1.0, "conf_high": 9.0, "p_value": 0.1, "mde": 9.0, "sesoi": 1.0,
                       "treatment_def": "t", "w_id": "near"})  # fmt: skip
    table = tabulate_regime(estimates, decades, specs=[{"id": "s"}], shown=["A"], periods=span, inference=INFERENCE,
                            power=0.8, study=study)  # fmt: skip
    assert lines(table)[0][1:4] == ["4.00", "[\u22121.00, 9.00]", ".100"]
    assert "UNDERPOWERED" in note(table)


def pattern_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    moran = {"estimator": "moran", "term": "moran", "estimate": 0.3, "p_value": 0.01, "p_adjusted": 0.05}
    estimates = frame(
        *({**moran, "outcome": "log_income", "period": str(year)} for year in YEARS),
        *({**moran, "outcome": "growth", "period": str(year)} for year in YEARS[1:]),
    )
    parts = [{"kind": "moran", "year": year, "value": 0.3, "expected": -0.2, "band_low": -0.4, "band_high": 0.2}
             for year in YEARS]  # fmt: skip
    parts += [{"kind": "local", "unit": unit, "year": year, "value": 0.1, "q_value": 0.01 if i == 0 else 0.5,
               "quadrant": "HH" if i < 3 else "LL"} for i, unit in enumerate(UNITS) for year in YEARS]  # fmt: skip
    shared = {"spec_id": "s", "variable": "log_income", "controls": "none", "basis": "official"}
    return estimates, pd.DataFrame(parts).assign(**shared)


def test_pattern_has_one_row_for_each_date(decades, study) -> None:
    table = tabulate_pattern(pattern_frames()[0], decades, specs=[{"id": "s"}], inference=INFERENCE, weights="near",
                             study=study)  # fmt: skip
    shown = lines(table)
    assert [row[0] for row in shown] == [str(year) for year in YEARS]
    assert shown[0][1:3] == ["0.30 (.010, .050)", "(a)"]
    assert "not what one does to the other" in note(table)


def clock_series() -> pd.DataFrame:
    rows = [{"span": 20, "start_year": year - 20, "end_year": year, "speed": 1.0, "pointwise_low": -1.0,
             "pointwise_high": 2.0, "band_low": NAN, "band_high": 3.0} for year in YEARS[2:]]  # fmt: skip
    return pd.DataFrame(rows).assign(spec_id="s", kind="window", basis="official", n_units=6)


def test_figures_have_data_and_words(decades, span, study) -> None:
    estimates, series = clubs_frames()
    artworks = {
        "F5c": draw_clock(clock_series(), spec="s", study=study),
        "F6": draw_inequality(inequality_frames()[1], decades, spec="s", groupings=["region", "absent: cell"]),
        "F7": draw_clubs(series, decades, spec="s", study=study),
        "F8": draw_currency(series, estimates, specs=[{"id": "s"}], periods=span),
        "F9": draw_kernels(chain_frames()[1], chain_frames()[0], spec="s", periods=span),
        "F10": draw_pattern(pattern_frames()[1], spec="s", discovery_rate=0.05, study=study),
    }
    for name, artwork in artworks.items():
        assert len(artwork.data), name
        assert artwork.alt.endswith("."), name
        assert "nan" not in artwork.alt.lower(), name
        assert "PROXY" not in artwork.alt, name


def test_a_density_that_peaks_at_an_end_of_the_range_is_said_to(span) -> None:
    estimates, series = chain_frames()
    edge = series["kind"].eq("ergodic_density")
    rising = series["value"].mask(edge, series["x"])
    artwork = draw_kernels(series.assign(value=rising), estimates, spec="s", periods=span)
    assert "an end of the range seen" in artwork.alt
