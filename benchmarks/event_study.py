"""Event studies by imputation: 25 years, unit effects and effects of year, or of group and
year.
"""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import pandas as pd

from evenfield.models.event_study import EventStudy
from evenfield.models.policies import PolicyPanel
from evenfield.numerics.event_study.panel import NEVER

TITLE = "Event study by imputation: six horizons, four leads, errors by unit"
TEXT = """Ours and diff-diff leave the own cluster out of the means that effects are compared with; did-imputation and pyfixest
(did2s) have no such errors. Estimates are compared. did-imputation and pyfixest iterate, here with their own
tolerances; 3,000 units take the first minutes and the second 15 seconds. diff-diff has no effects of group and year;
with them did2s stops ("Factor is exactly singular"). A control is a number of units with a slope of its own in every
year; pyfixest gets it as 24 columns, less its mean in the group, times each year but the first. did-imputation, which
takes one column after another and begins again, had not ended with them after six minutes. The permutation deals the
dates out again within the groups and imputes all effects anew."""
T = 25
DRAWS = 999


def made(units: int, groups: int, controls: int = 0) -> PolicyPanel:
    """Make a panel; outcomes follow each control with a slope that moves from year to year."""
    rng = np.random.default_rng(units)
    first = rng.choice([8, 10, 12, 14, 16, NEVER], units, p=[0.08] * 5 + [0.6])
    group = np.arange(units) % groups
    Y = rng.normal(size=(units, 1)) + rng.normal(size=(groups, T))[group]
    Y = Y + 0.3 * (np.arange(T) >= first[:, None]) + rng.normal(size=(units, T))
    by_unit = {"unit": np.arange(units)}
    if not controls:
        return PolicyPanel(Y, first, group, clusterings=by_unit)
    X = rng.normal(size=(units, controls))
    slopes = rng.normal(size=(controls, T)).cumsum(axis=1)
    return PolicyPanel(Y + X @ slopes, first, group, X, by_unit)


def asked(panel: PolicyPanel) -> EventStudy:
    return EventStudy(panel=panel, lead_count=4, last_horizon=5, spans=[(0, 5)])


def by_year(panel: PolicyPanel) -> dict[str, np.ndarray]:
    """Return each control less its mean in the group, times each year but the first, as
    peers take it: unit effects hold the sum over years.
    """
    at = np.tile(np.eye(T), (len(panel.Y), 1))
    return {
        f"x{k}_{t}": panel.columns[:, k].repeat(T) * at[:, t]
        for k in range(panel.columns.shape[1])
        for t in range(1, T)
    }


def rows_of(panel: PolicyPanel) -> pd.DataFrame:
    N = len(panel.Y)
    year = np.tile(np.arange(T), N)
    group = panel.groups.repeat(T)
    first = np.where(panel.ever, panel.first, np.nan).repeat(T)
    return pd.DataFrame(
        {
            "unit": np.arange(N).repeat(T),
            "year": year,
            "y": panel.Y.ravel(),
            "first": first,
            "cell": group * T + year,
            **by_year(panel),
        }
    )


def cases(smoke: bool) -> Any:
    shapes = ((300, 1), (300, 30), (3000, 1), (3000, 30))
    for units, groups in shapes[: 1 if smoke else None]:
        yield fit_case(units, groups)
    if not smoke:
        yield fit_case(300, 1, controls=1)
    for groups in (1, 30)[: 1 if smoke else None]:
        panel = made(300, groups)
        effects = "year" if groups == 1 else f"{groups} groups by year"
        yield {
            "what": f"{DRAWS} permutations, 300 units, {effects}",
            "ours": lambda panel=panel: asked(panel).permuted(
                np.random.default_rng(1), DRAWS
            ),
            "check": lambda _: None,
            "within": 5.0,
        }


def fit_case(units: int, groups: int, controls: int = 0) -> dict[str, Any]:
    panel = made(units, groups, controls)
    rows = rows_of(panel)
    names = list(by_year(panel))
    effects = "year" if groups == 1 else f"{groups} groups by year"
    effects += ", a control by year" if controls else ""

    def ours() -> Any:
        study = asked(panel)
        assert study.leads.names
        return study.effects.estimate[:6]

    def imputation() -> Any:
        from did_imputation import did_imputation

        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = did_imputation(
                rows,
                "y",
                "unit",
                "year",
                "first",
                fe=["unit", "cell"],
                horizons=list(range(6)),
                pretrends=4,
                minn=0,
            )
        return np.array([fit.estimates[f"tau{h}"] for h in range(6)])

    def diff_diff() -> Any:
        from diff_diff import ImputationDiD

        data = rows.assign(first=rows["first"].fillna(0).astype(int))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = ImputationDiD(horizon_max=5, pretrends=True, leave_one_out=True).fit(
                data,
                outcome="y",
                unit="unit",
                time="year",
                first_treat="first",
                aggregate="event_study",
            )
        return np.array([fit.event_study_effects[h]["effect"] for h in range(6)])

    def pyfixest() -> Any:
        import pyfixest as pf

        since = rows["year"] - rows["first"]
        horizon = since.where(since.between(0, 5), 99).where(since >= 0, -1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pf.did2s(
                rows.assign(treated=since >= 0, horizon=horizon),
                yname="y",
                first_stage=f"~ {' + '.join(names) or 0} | unit + cell",
                second_stage="~ i(horizon, ref=-1.0)",
                treatment="treated",
                cluster="unit",
            )
        return fit.coef().to_numpy()[:6]

    def check(result: dict[str, Any]) -> None:
        for estimates in result.values():
            np.testing.assert_allclose(estimates, result["ours"], atol=1e-5)

    # Of 3,000 units, or with controls, it takes minutes.
    peers = {"did-imputation": imputation} if units < 1000 and not controls else {}
    if groups == 1:
        if not controls:  # a covariate of it has no slope of its own in each year
            peers["diff-diff"] = diff_diff
        if units < 1000:
            peers["pyfixest"] = pyfixest
    return {
        "what": f"{units:,} units, {effects}",
        "ours": ours,
        "peers": peers,
        "check": check,
        "within": 2.0 if units > 1000 else None,
        "units": units,
        "grows": None,
    }
