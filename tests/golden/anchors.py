"""Published numbers and ours, one row each: `python3 run validate` prints the table,
the tests assert it.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from linearmodels.datasets import munnell
from numpy.random import default_rng

import evenfield as ef
from evenfield.numerics import markov as mk
from evenfield.numerics.clubs import find_clubs, group_tests, merge_clubs
from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.dynamic_panel import instruments
from evenfield.numerics.dynamic_panel.bias_corrected import (
    Variance,
    bias_corrected_root,
)
from evenfield.numerics.dynamic_panel.gmm import dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import (
    Equations,
    GmmSpec,
    Layout,
    Source,
)
from evenfield.numerics.event_study.group_time import group_time_means
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.inference.driscoll_kraay import driscoll_kraay_inference
from evenfield.numerics.logt import (
    discarded_periods,
    fit_logt,
    regression_periods,
    transition_variance,
)
from evenfield.numerics.ols import contrast_inference, cov_classical, fit_ols
from evenfield.numerics.spatial_panel.lm_tests import bsk_tests, lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_rows
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from yaml_text import from_yaml

GOLDEN = Path(__file__).parent
MUNNELL_NAMES = ["ln_pcap", "ln_pc", "ln_emp", "unemp"]


@dataclass(frozen=True)
class Anchor:
    """One published number: ours must lie within ``tolerance``, about half a unit of
    its last printed digit.
    """

    what: str
    ours: float
    published: float
    tolerance: float

    @property
    def passes(self):
        return bool(abs(self.ours - self.published) <= self.tolerance)


def anchors(tolerance, names, ours, published):
    """Return one anchor for each name."""
    rows = zip(names, ours, published, strict=True)
    return [
        Anchor(name, float(value), float(label), tolerance)
        for name, value, label in rows
    ]


def expected(folder):
    return json.loads((GOLDEN / folder / "expected.json").read_text())


# --------------------------------------------------------------------------------------
# data


@cache
def us_states():
    """Income per head, 48 states down, 1929 to 2009 across."""
    data = pd.read_csv(GOLDEN / "us_states" / "data.csv")
    return data.pivot(
        index="state", columns="year", values="income_per_head_usd"
    ).astype(float)


@cache
def contiguity():
    """Row-standardised weights of the 48 states in alphabetical order."""
    names = us_states().index
    matrix = pd.DataFrame(0.0, index=names, columns=names)
    for a, b in pd.read_csv(GOLDEN / "us_markov" / "contiguity.csv").itertuples(
        index=False
    ):
        matrix.loc[a, b] = matrix.loc[b, a] = 1.0
    return matrix.div(matrix.sum(axis=1), axis=0).to_numpy()


@cache
def munnell_panel():
    """Munnell's panel; its names of states are short, but in the same alphabetical
    order.
    """
    data = munnell.load()
    X = np.column_stack([np.log(data[["P_CAP", "PC", "EMP"]]), data["UNEMP"]])
    y = np.log(data["GSP"]).to_numpy()
    panel = panel_from_rows(
        data["STATE"].tolist(), data["YR"].tolist(), y, X, MUNNELL_NAMES
    )
    return panel, network(sorted(data["STATE"].unique()), contiguity())


@cache
def firms():
    """Logs of employment, wage, capital and output of 140 firms by year."""
    data = pd.read_csv(GOLDEN / "arellano_bond" / "data.csv")
    columns = {
        "n": "emp",
        "w": "wage",
        "k": "capital",
        "ys": "output",
    }
    return {
        name: np.log(data.pivot(index="firm", columns="year", values=c).to_numpy())
        for name, c in columns.items()
    }


def lag(values, by=1):
    out = np.full(values.shape, np.nan)
    out[:, by:] = values[:, :-by]
    return out


# --------------------------------------------------------------------------------------
# studies


def mankiw_romer_weil():
    data = pd.read_csv(GOLDEN / "mrw" / "data.csv")
    note = expected("mrw")
    samples = {
        "non_oil": data,
        **{name: data[data[name] == 1] for name in ("intermediate", "oecd")},
    }
    for name, rows in samples.items():
        start = np.log(rows["gdp60"].to_numpy(float))
        end = np.log(rows["gdp85"].to_numpy(float))
        fit = fit_ols(end - start, np.column_stack([np.ones(len(rows)), start]))
        slope = contrast_inference(
            fit, cov_classical(fit), np.array([0.0, 1.0]), fit.df
        )
        ours = {
            "slope": slope.estimate,
            "std_error": slope.std_error,
            "speed": speed_from_slope(fit.beta[1] / 25, 25),
        }
        for what, value in ours.items():
            label = f"{name.replace('_', '-')}: {what.replace('std_error', 's.e.')}"
            yield Anchor(
                label,
                value,
                note["printed"][name][what],
                note["last_digit"][name][what],
            )


def us_convergence():
    half_digit = from_yaml("""
        slope: 5.0e-05
        speed_pct: 0.005
        half_life: 0.5
        sigma_start: 0.0005
        sigma_end: 0.0005
        """)
    wide = np.log(us_states())
    for period, printed in expected("us_states")["printed"].items():
        first, last = map(int, period.split("-"))
        start = wide[first].to_numpy()
        years = last - first
        slope = fit_ols(
            (wide[last].to_numpy() - start) / years,
            np.column_stack([np.ones(48), start]),
        ).beta[1]
        speed = speed_from_slope(slope, years)
        sigma = {
            "sigma_start": np.std(wide[first], ddof=1),
            "sigma_end": np.std(wide[last], ddof=1),
        }
        ours = {
            "slope": slope,
            "speed_pct": 100 * speed,
            "half_life": np.log(2) / speed,
            **sigma,
        }
        for what, value in printed.items():
            yield Anchor(
                f"{period}: {what.replace('_', ' ').replace('pct', '%')}",
                ours[what],
                value,
                half_digit[what],
            )


def us_dynamic():
    for name, note in expected("us_dynamic")["speeds_pct"].items():
        step = 5 if name.startswith("five") else 1
        first, last = map(int, name.removeprefix("five_year_").split("-"))
        fit = bias_corrected_root(
            np.log(us_states().loc[:, first:last:step]).to_numpy(), Variance.CONSTANT
        )
        for what, root in (
            ("fixed_effects", fit.fixed_effects),
            ("bias_corrected", fit.rho),
        ):
            label = f"{name}: {what}, speed %".replace("_", " ")
            yield Anchor(label, -100 * np.log(root) / step, note[what], 0.05)


def us_markov():
    label = expected("us_markov")
    income = us_states()
    P = mk.transition_matrix(
        mk.transition_counts(mk.yearly_classes(income.to_numpy(), 5), 5).sum(axis=0)
    )
    shares = label["ergodic_yearly_quintiles"]
    names = [f"ergodic share, quintile {i}" for i in range(1, 6)]
    yield from anchors(5e-5, names, mk.ergodic_distribution(P), shares)
    relative = (income / income.mean()).to_numpy()
    want = label["spatial"]
    classes = mk.classes_of(relative, mk.quantile_cutoffs(relative, 5))
    rng = default_rng(1)
    test = mk.spatial_markov_test(
        relative, classes, contiguity(), k=want["k"], m=want["m"], rng=rng, draws=99
    )
    yield from anchors(
        5e-3,
        ["spatial chain: Q", "spatial chain: LR"],
        [test.q, test.lr],
        [want["q"], want["lr"]],
    )
    yield Anchor("spatial chain: d.f.", test.df, want["df"], 0)


def munnell_spatial():
    note = expected("munnell")
    study = munnell_panel()
    six = 6e-7
    seven = 6e-8
    three = 6e-4
    for model, spatial in (("SAR", "rho"), ("SEM", "lambda")):
        fit = fit_spatial_panel(*study, PanelModel(model, "unit", "direct"))
        want = note[f"{model.lower()}_unit"]
        errors = dict(zip(fit.names, fit.std_errors("expected"), strict=True))
        label = f"{model}, unit effects"
        ours = [fit[spatial], errors[spatial]]
        told_both = [want[spatial], want[f"{spatial}_se"]]
        names = [f"{label}: {x}" for x in MUNNELL_NAMES]
        yield from anchors(
            six, [f"{label}: {spatial}", f"{label}: its s.e."], ours, told_both
        )
        yield from anchors(seven, names, [fit[x] for x in MUNNELL_NAMES], want["beta"])
        if "beta_se" in want:
            names = [f"{label}: s.e. of {x}" for x in MUNNELL_NAMES]
            yield from anchors(
                seven, names, [errors[x] for x in MUNNELL_NAMES], want["beta_se"]
            )
        yield Anchor(
            f"{label}: log likelihood",
            fit.log_likelihood,
            want["log_likelihood"],
            three,
        )
    for model, spatial, tolerance in (("SAR", "rho", six), ("SEM", "lambda", 6e-6)):
        fit = fit_random_effects(*study, PanelModel(model))
        want = note[f"{model.lower()}_random"]
        label = f"{model}, random effects"
        yield Anchor(f"{label}: {spatial}", fit[spatial], want[spatial], tolerance)
        yield Anchor(f"{label}: phi", fit["phi"], want["phi"], 6e-5)
        yield Anchor(
            f"{label}: log likelihood",
            fit.log_likelihood,
            want["log_likelihood"],
            three,
        )
    result = {
        test.name: test.statistic
        for test in [*lm_tests(*study, "unit", "direct"), *bsk_tests(*study)]
    }
    for name, value in note["tests"].items():
        yield Anchor(name, result[name], value, 6e-3 if "SLM" in name else three)


def driscoll_kraay():
    note = expected("driscoll_kraay")
    panel, _ = munnell_panel()
    within = (panel.values - panel.values.mean(axis=1, keepdims=True)).reshape(-1, 5)
    fit = fit_ols(within[:, 0], within[:, 1:])
    times = np.tile(panel.periods, 48)
    for factor, want in note["std_error"].items():
        estimates = driscoll_kraay_inference(
            fit, np.eye(4)[0], times, note["lags"], factor, note["absorbed"]
        )
        label = (
            f"s.e. of ln pcap, factor {factor}"
            if factor != "none"
            else "s.e. of ln pcap, no factor"
        )
        yield Anchor(label, estimates.std_error, want["value"], 5e-8)


def arellano_bond():
    logs = firms()
    note = expected("arellano_bond")
    w = logs["w"]
    k = logs["k"]
    ys = logs["ys"]

    year_dummies = np.tile(np.eye(9)[:, 3:], (140, 1, 1))

    def table_4(columns):
        X = np.concatenate([np.stack(columns, axis=-1), year_dummies], axis=-1)
        return dynamic_gmm(
            logs["n"], GmmSpec(2, 2, 0, Equations.DIFFERENCE, Layout.FULL), X
        )

    fit = table_4([w, lag(w), k, ys, lag(ys)])
    want = note["table_4b"]
    yield from anchors(
        5e-5,
        [f"table 4b: {term}" for term in want["terms"]],
        fit.beta[:7],
        want["beta"],
    )
    yield Anchor(
        "table 4b: s.e. of n(-1) as printed",
        fit.uncorrected[0],
        want["uncorrected_first"],
        5e-5,
    )
    yield Anchor(
        "table 4b: s.e. of n(-1), Windmeijer",
        fit.std_errors[0],
        want["windmeijer_first"],
        5e-5,
    )
    yield Anchor("table 4b: Sargan", fit.hansen.statistic, want["hansen"], 5e-3)
    yield Anchor("table 4b: its d.f.", fit.hansen.df, want["df"], 0)
    yield Anchor("table 4b: its p", fit.hansen.p_value, want["p_value"], 5e-4)
    serial = [test.statistic for test in fit.serial]
    yield from anchors(5e-4, ["table 4b: m1", "table 4b: m2"], serial, want["serial"])
    yield Anchor("table 4b: observations", fit.n_rows, want["rows"], 0)
    yield Anchor("table 4b: firms", fit.n_units, want["units"], 0)
    fit = table_4([w, lag(w), k, lag(k), lag(k, 2), ys, lag(ys), lag(ys, 2)])
    want = note["table_4a1"]
    ours = {
        "one_step_first": fit.beta_one_step[0],
        "one_step_std_error_first": fit.std_errors_one_step[0],
    }
    ours |= {"sargan": fit.sargan.statistic, "df": fit.sargan.df}
    ours |= {
        "two_step_first": fit.beta[0],
        "two_step_uncorrected_first": fit.uncorrected[0],
    }
    for name, value in ours.items():
        label = (
            name.replace("_first", " n(-1)")
            .replace("std_error", "s.e. of")
            .replace("_", " ")
        )
        yield Anchor(f"table 4a: {label}", value, want[name], 5e-4)
    for name, test in zip(
        ("m1_one_step", "m2_one_step"), fit.serial_one_step, strict=True
    ):
        yield Anchor(
            f"table 4a: {name.replace('_', ' ')}", test.statistic, want[name], 5e-5
        )


def blundell_bond():
    rows = pd.read_csv(GOLDEN / "arellano_bond" / "data.csv").rename(
        columns={"emp": "n", "wage": "w", "capital": "k"}
    )
    rows[["n", "w", "k"]] = np.log(rows[["n", "w", "k"]])
    model = from_yaml("""
        {equations: system, endogenous: [w, k], steps: 1, unit: firm, time: year}
        """)
    fit = ef.dynamic_gmm("n ~ w + lag(w) + k + lag(k)", rows, **model)
    label = expected("arellano_bond")
    want = label["blundell_bond"]
    yield from anchors(1e-7, want["terms"], fit.params[want["terms"]], want["beta"])
    yield from anchors(
        1e-7,
        [f"s.e. of {t}" for t in want["terms"]],
        fit.std_errors[want["terms"]],
        want["std_errors"],
    )
    tests = fit.tables["tests"]
    ours = [
        *tests.loc["Hansen"],
        *tests.loc[["m1", "m2"], "statistic"],
        fit.notes["instruments"],
        fit.nobs,
    ]
    names = ["Hansen", "its d.f.", "its p", "m1", "m2", "instruments", "observations"]
    printed = [
        want["hansen"],
        want["df"],
        want["hansen_p"],
        *want["serial"],
        want["instruments"],
        want["observations"],
    ]
    for line in zip(
        names, ours, printed, [5e-3, 0, 5e-4, 5e-3, 5e-3, 0, 0], strict=True
    ):
        yield Anchor(*line)
    logs = firms()
    want = label["predetermined"]
    w = logs["w"]
    k = logs["k"]
    ys = logs["ys"]
    columns = [w, lag(w), k, lag(k), lag(k, 2), ys, lag(ys), lag(ys, 2)]
    year_dummies = np.tile(np.eye(9)[:, 4:], (140, 1, 1))
    ones = np.where(np.isfinite(w), 1.0, np.nan)[..., None]
    X = np.concatenate([np.stack(columns, axis=-1), year_dummies, ones], axis=-1)
    own = np.array(
        [instruments.NOWHERE] * 8
        + [instruments.EVERYWHERE] * 5
        + [instruments.LEVELS_ONLY]
    )
    spec = GmmSpec(2, 2, 0, Equations.SYSTEM, Layout.FULL)
    result = dynamic_gmm(logs["n"], spec, X, [Source(w, 1, 0), Source(k, 1, 0)], own)
    names = [f"predetermined: {i}" for i in range(16)]
    yield from anchors(5e-6, names, result.beta, want["beta"])
    small = np.sqrt((result.n_levels - 1) / (result.n_levels - 16) * 140 / 139)
    yield from anchors(
        1.1e-5,
        [f"{n}, s.e." for n in names],
        small * result.std_errors,
        want["std_errors"],
    )
    counts = (
        [result.n_levels, result.n_instruments],
        [want["observations"], want["instruments"]],
    )
    yield from anchors(
        0, ["predetermined: observations", "predetermined: instruments"], *counts
    )


def phillips_sul():
    from convergence_clubs import (
        load_filtered_gdp,
    )  # a GPL-3 package: its data serve here, its code nowhere

    x = load_filtered_gdp().to_numpy()
    note = expected("phillips_sul")
    periods = regression_periods(34, discarded_periods(34))
    for variance, want in note["t"].items():
        fit = fit_logt(transition_variance(x), periods, variance)
        yield Anchor(f"all countries: b ({variance})", fit.b[0], note["b"], 5e-5)
        yield Anchor(f"all countries: t ({variance})", fit.t[0], want, 0.06)
    clubs = find_clubs(x, periods)
    names = [f"club {i}" for i in range(1, 1 + len(clubs.clubs))]
    for what, tolerance, values in (
        ("sizes", 0, [len(club.members) for club in clubs.clubs]),
        ("club_b", 5e-5, [club.b for club in clubs.clubs]),
        ("club_t", 5e-4, [club.t for club in clubs.clubs]),
    ):
        label = {"sizes": "members"}.get(what, what.removeprefix("club_"))
        yield from anchors(
            tolerance, [f"{name}: {label}" for name in names], values, note[what]
        )
    want = note["merged"]
    merged = merge_clubs(group_tests(x, periods, "fqsb"), clubs, "phillips_sul")
    joined = next(club for club in merged.clubs if club.merged_from)
    label = "clubs {} and {} merged".format(*want["clubs"])
    yield Anchor(f"{label}: members", len(joined.members), want["size"], 0)
    yield Anchor(f"{label}: b", joined.b, want["b"], 5e-5)
    yield Anchor(f"{label}: t", joined.t, want["t"], 5e-4)


def callaway_santanna():
    """Teen employment before and after minimum wages rose, by cohort and horizon."""
    want = expected("event_study")["r_did"]
    data = pd.read_csv(GOLDEN / "event_study" / "mpdta.csv")
    Y = np.log(data.drop(columns=["county", "first"]).to_numpy(float))
    first = np.where(data["first"] == 0, NEVER, data["first"] - 2003)
    one_group = np.zeros(len(data), dtype=int)

    def means(outcomes, spans):
        panel = EventPanel(outcomes, first, one_group)
        return group_time_means(panel, spans, never_only=True).estimate

    horizons = [(e, e) for e in range(-3, 4)]
    dynamic = means(Y, horizons)
    names = [f"{e} years after" for e, _ in horizons]
    yield from anchors(6e-5, names, dynamic, want["dynamic"])
    overall = dynamic[3:].mean()
    yield Anchor("mean over horizons", overall, want["dynamic_overall"], 6e-5)
    cohorts = []
    for year, label in want["group_time"].items():
        own = first == int(year) - 2003
        alone = np.where((own | (first == NEVER))[:, None], Y, np.nan)
        cells = means(alone, horizons)
        # The first cohort has no year before the base of its policy.
        names = [f"{year}: cell {i}" for i in range(len(label))]
        yield from anchors(6e-5, names, cells[np.isfinite(cells)], label)
        cohorts.append((own.sum(), means(alone, [(0, 9)])[0]))
    sizes, effects = map(np.array, zip(*cohorts, strict=True))
    names = list(want["group_time"])
    yield from anchors(6e-5, names, effects, want["group"])
    overall = sizes @ effects / sizes.sum()
    yield Anchor("mean over cohorts", overall, want["group_overall"], 6e-5)


# Title, function, source of the numbers.
STUDIES = (
    ("Mankiw, Romer and Weil 1992, 98 countries", mankiw_romer_weil, "table III"),
    (
        "US states 1929-2009, beta and sigma",
        us_convergence,
        "statsmodels; tests/golden/us_states",
    ),
    (
        "US states 1929-2009, dynamic panel",
        us_dynamic,
        "computed twice elsewhere; tests/golden/us_dynamic",
    ),
    ("US states 1929-2009, Markov chains", us_markov, "giddy 2.3.8"),
    (
        "Arellano and Bond 1991, 140 UK firms",
        arellano_bond,
        "table 4; R plm; Stata manual",
    ),
    (
        "Blundell and Bond 1998, 140 UK firms",
        blundell_bond,
        "table 4, by Roodman 2009; xtabond2",
    ),
    ("Callaway and Sant'Anna 2021, 500 US counties", callaway_santanna, "R did 2.5.0"),
    ("Munnell 1990, 48 states, spatial panels", munnell_spatial, "R splm 1.6-5"),
    ("Munnell 1990, Driscoll-Kraay errors", driscoll_kraay, "R plm; linearmodels 7.1"),
    ("Phillips and Sul 2009, 152 countries", phillips_sul, "R ConvergenceClubs 2.2.5"),
)
