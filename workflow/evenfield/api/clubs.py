"""Log t test and convergence clubs on a DataFrame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.arguments import finite, whole
from evenfield.api.data import Table, reported, table
from evenfield.api.levels import levels_of, positive
from evenfield.api.policies import of_units
from evenfield.api.results import Fit, chosen, refuse_undefined, tidy
from evenfield.models import clubs as models
from evenfield.study.errors import EstimateError

YEARLY = 400.0  # penalty of the Hodrick-Prescott filter for yearly data


def _read(
    y: str,
    data: pd.DataFrame,
    keys: tuple[str | None, str | None],
    smoothing: float | str | None,
    rules: models.Rules,
) -> tuple[Table, np.ndarray, models.Rules]:
    """Return the rows, log incomes by unit and date (N, T), and the rules with the
    filter of the call.
    """
    finite("discard", rules.discard)
    if not isinstance(smoothing, str | None):
        finite("smoothing", smoothing)
    rows = table(levels_of(y, data), data, *keys)
    rows.check_keys("a path of incomes")
    rows.calendar.even("a regression on time")
    if smoothing is None:
        rules = rules._replace(filter="none")
    elif isinstance(smoothing, str):
        chosen("smoothing", smoothing, ["yearly"])
        penalty = models.yearly_penalty(YEARLY, rows.calendar.years)
        rules = rules._replace(penalty=penalty)
    else:
        rules = rules._replace(penalty=smoothing)
    # A filter of logarithms is free of the unit of the currency.
    return rows, np.asarray(np.log(positive(rows))), rules


@reported("log-t")
def log_t(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    smoothing: float | str | None = "yearly",
    logs: bool = False,
    discard: float = 1 / 3,
    variance: str = "fqsb",
) -> Fit:
    """Test convergence by Phillips and Sul: ``log t``, with a one-sided p small against
    it (t below -1.65).

    Parameters
    ----------
    y, data, unit, time
        As for ``dynamic_fe``; y is income itself, positive.
    smoothing : float or str, optional
        Of the Hodrick-Prescott filter of log y: yearly is 400 for yearly data, and
        divided by k^4 for dates k years apart; None leaves y as it is.
    logs : bool
        Whether the trends of the logarithm are compared, as R's ConvergenceClubs is
        mostly used, and not their exponentials. Logarithms depend on the currency unit,
        levels do not; the study's tables compare levels.
    discard, variance : float, str
        Share of the first periods that is left out; long-run variance, fqsb or aqsb.

    Returns
    -------
    Fit
        ``log t``; ``notes`` say whether the units converge and hold ``speed``, b / 2, at
        which loadings close in: a power of time, the same whatever the step.
        ``tables["over time"]`` has the dispersion of relative transition.

    Notes
    -----
    Phillips and Sul (2007): log(H_1 / H_t) - 2 log(log t) = a + b log t + u_t.
    """
    rules = models.Rules(logs=logs, discard=discard, variance=variance)
    rows, log, rules = _read(y, data, (unit, time), smoothing, rules)
    compared = rules.compared(log)
    test = models.log_t(compared, rules)
    refuse_undefined(test.reason)
    # H_t: variance of relative paths around one; to zero where units converge.
    over_time = {"dispersion of relative transition": test.dispersion}
    return Fit(
        "Log t regression",
        lambda level: tidy(test.rows(level), {"logt": "log t"}),
        len(test.periods),
        notes={
            "units": len(log),
            "compared": "logarithms" if logs else "levels",
            "speed": test.b / 2,
            # Convergence is the null, refused one-sided at five percent: t < -1.65.
            "converges": test.converges,
        },
        tables={"over time": pd.DataFrame(over_time, index=rows.dates.names)},
        _drawn={"paths": _by_date(rows, models.relative_paths(compared))},
        raw=test,
    )


@reported("clubs")
def clubs(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    smoothing: float | str | None = "yearly",
    logs: bool = False,
    discard: float = 1 / 3,
    variance: str = "fqsb",
    merge: str | None = "phillips_sul",
    adopt: bool = False,
    groups: str | None = None,
    draws: int = 9999,
    seed: int = 0,
    sort_share: float = 0.0,
    sieve_step: float = 0.1,
    sieve_cap: float = 50.0,
) -> Fit:
    """Sort units into convergence clubs, one parameter each; ``tables["members"]``
    names that of each unit, 0 for none.

    Parameters
    ----------
    y, data, unit, time, smoothing, logs, discard, variance
        As for ``log_t``.
    merge, adopt : str, bool
        phillips_sul or von_lyncker_thoennessen joins clubs that converge together, None
        leaves them; whether units of no club join the one with which they converge
        best.
    groups : str, optional
        Column of groups, the same at all dates of a unit: ``tables["association"]`` has
        Cramer's V of clubs and groups, with the exact p-value of Fisher, Freeman and
        Halton given both margins (NaN where these have more than 200,000 tables:
        ``notes`` say so) and that of labels dealt out to other units. Units of no club
        are a group of their own.
    draws, seed : int
        Number and seed of such deals.
    sort_share, sieve_step, sieve_cap : float
        Share of the last dates whose mean sorts the units, 0 for the last date alone;
        by how much the bound c* of the sieve is raised, from 0 up to the cap, while a
        club fails its own test.

    Returns
    -------
    Fit
        b of each club; ``tables["members"]`` has the club of each unit, 0 for none,
        ``tables["over time"]`` the mean relative transition path of each club.

    Notes
    -----
    Phillips and Sul (2007, 2009); von Lyncker and Thoennessen (2017); Freeman and Halton
    (1951). Clubs are made of the incomes that are compared: the p-values take them as
    given.
    """
    whole("draws", draws, lowest=1)
    for name, value in {
        "sort_share": sort_share,
        "sieve_step": sieve_step,
        "sieve_cap": sieve_cap,
    }.items():
        finite(name, value)
    rules = models.Rules(
        logs=logs,
        discard=discard,
        variance=variance,
        sort_share=sort_share,
        sieve_step=sieve_step,
        sieve_cap=sieve_cap,
        merge=merge or "none",
        divergent="adopt" if adopt else "leave",
    )
    rows, log, rules = _read(y, data, (unit, time), smoothing, rules)
    own = models.cluster(log, rules)
    refuse_undefined(own.reason)
    clubs = own.merged.clubs
    if not clubs:
        raise EstimateError(
            f"no club: no two neighbours of the {len(log)} units converge",
            "two units at least that close in on one path",
            "take other units or dates",
        )
    means = {}
    notes = {"units": len(log), "compared": "logarithms" if logs else "levels"}
    for number, club in enumerate(clubs, 1):
        means[f"club {number}"] = own.paths[list(club.members)].mean(axis=0)
        notes[f"units in club {number}"] = len(club.members)
    notes["none"] = len(own.merged.divergent)
    tables = {
        "members": pd.DataFrame({"club": own.labels}, index=rows.units.names),
        "over time": pd.DataFrame(means, index=rows.dates.names),
    }
    if groups is not None:
        codes = pd.factorize(of_units(rows, groups), sort=True)[0]
        rng = np.random.default_rng(seed)
        test = models.association(own.labels, codes, rng, draws)
        tables["association"] = pd.DataFrame(
            {
                "Cramer's V": test.cramers_v,
                "p_value": [test.exact_p, test.permutation_p],
            },
            index=["exact", "permutation"],
        )
        if test.no_exact:
            notes["exact p"] = test.no_exact
    return Fit(
        "Convergence clubs",
        lambda level: tidy(own.rows(level, clubs)).assign(term=list(means)),
        log.size,
        notes=notes,
        tables=tables,
        _drawn={"paths": _by_date(rows, own.paths)},
        raw=own,
    )


def _by_date(rows: Table, paths: np.ndarray) -> pd.DataFrame:
    """Return paths (N, T) with a row a date and a column a unit."""
    return pd.DataFrame(paths.T, index=rows.dates.names, columns=rows.units.names)
