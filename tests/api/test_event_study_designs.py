"""Event studies of drawn designs: dates written in every way, policies between dates and
outside of them, holes, and never written in every way, against dense least squares.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from made_panel import refused
from tolerances import close

HORIZONS, LEADS = 3, 2
SPANS = [(0, 1), (1, 3)]


def day(year, month=1, day=1):
    return pd.Timestamp(year, month, day)


def month(p):
    return pd.Period("1990-11", "M") + p


def monday(p):
    first = day(1990 + p)
    return first + pd.Timedelta(days=-first.weekday() % 7)


# For each way to write dates: the date at a position of the panel, and one that lies
# after the position before, if there is such a date.
WRITTEN = {
    "years": (lambda p: 1990 + p, None),
    "years in floats": (lambda p: 1990.0 + p, lambda p: 1990.0 + p - 0.63),
    "years in text": (lambda p: str(1990 + p), None),
    "fifth years": (lambda p: 1950 + 5 * p, lambda p: 1950 + 5 * p - 2),
    "from -3 on": (lambda p: p - 3, None),
    "quarters in decimals": (lambda p: 1990 + p / 4, lambda p: 1990 + p / 4 - 0.15),
    "1 January": (lambda p: day(1990 + p), lambda p: day(1989 + p, 6, 15)),
    "5 March": (lambda p: day(1990 + p, 3, 5), lambda p: day(1989 + p, 3, 6)),
    "noons": (
        lambda p: day(1990 + p) + pd.Timedelta(hours=12),
        lambda p: day(1989 + p) + pd.Timedelta(hours=13),
    ),
    "ends of months": (
        lambda p: day(1990, 11, 30) + pd.offsets.MonthEnd(p),
        lambda p: day(1990, 11, 30) + pd.offsets.MonthEnd(p) - pd.Timedelta(days=1),
    ),
    "ends of quarters": (
        lambda p: day(1990, 3, 31) + pd.offsets.MonthEnd(3 * p),
        lambda p: day(1990, 3, 30) + pd.offsets.MonthEnd(3 * p - 1),
    ),
    "first Mondays": (monday, lambda p: monday(p) - pd.Timedelta(days=3)),
    "days in text": (lambda p: f"{1990 + p}-03-05", lambda p: f"{1990 + p}-03-04"),
    "weeks at noon": (
        lambda p: pd.Timestamp("1990-01-03 12:00") + pd.Timedelta(days=7 * p),
        lambda p: pd.Timestamp("1990-01-03 11:00") + pd.Timedelta(days=7 * p),
    ),
    "sixtieth days": (
        lambda p: day(1990) + pd.Timedelta(days=60 * p),
        lambda p: day(1990) + pd.Timedelta(days=60 * p - 40),
    ),
    "periods": (month, None),
    "third periods": (lambda p: month(3 * p), lambda p: month(3 * p - 1)),
    "199011": (lambda p: int(month(p).strftime("%Y%m")), None),
    "19901101": (
        lambda p: int(month(p).strftime("%Y%m01")),
        lambda p: int(month(p - 1).strftime("%Y%m15")),
    ),
    "quarters in text": (lambda p: str(pd.Period("1990Q3") + p), None),
    "seasons": (lambda p: f"{1990 + p}-{(91 + p) % 100:02d}", None),
    "waves": (lambda p: f"wave {p + 1}", None),
}
NEVER = -(10**6)
NEVER_WRITTEN = {
    "blank": [np.nan, None],
    "blank text": ["", " "],
    "words": ["never", "NaN"],
    "infinite": [np.inf],
    "0": [0, 0.0, "0"],
    "-1": [-1],
    "9999": [9999, 9999.0, "9999"],
}


def drawn(name, seed):
    """A table of a design, with its true dates since the policy."""
    rng = default_rng([list(WRITTEN).index(name), seed])
    N, T = int(rng.integers(10, 22)), int(rng.integers(6, 10))
    at, between = WRITTEN[name]
    first = rng.integers(-2, T + 2, N)
    ever = rng.random(N) < 0.7
    early = rng.random(N) < 0.5
    # 0 and -1 are dates of the panel from -3 on.
    ways = [
        way for way in NEVER_WRITTEN if name != "from -3 on" or way not in ("0", "-1")
    ]
    never = NEVER_WRITTEN[rng.choice(ways)]
    start = []
    for i, p in enumerate(first):
        date = between(p) if early[i] and between else at(p)
        start.append(date if ever[i] else never[i % len(never)])
    start = pd.Series(start, dtype=object)
    if rng.random() < 0.5:
        start = start.infer_objects()
        # As in a file whose blanks made floats of whole numbers.
        start = start.astype(str) if start.dtype == float else start
    unit, date = np.divmod(np.arange(N * T), T)
    # A date that no unit has, and single cells, are not there.
    there = (date != rng.integers(1, T)) & ((rng.random(N * T) > 0.05) | (date == 0))
    unit, date = unit[there], date[there]
    return pd.DataFrame(
        {
            "unit": unit,
            "time": pd.Series([at(p) for p in range(T)]).iloc[date].array,
            "start": start.iloc[unit].array,
            "group": unit % int(rng.integers(1, 3)),
            "y": rng.normal(size=len(unit)).cumsum(),
            "date": date,
            "since": np.where(ever[unit], date - first[unit], NEVER),
        }
    )


def dummies(*labels):
    codes = pd.MultiIndex.from_arrays(labels).factorize()[0]
    return np.eye(codes.max() + 1)[codes]


def imputed(data):
    """Outcomes less what dense dummies of units and of groups and dates predict, fitted
    to rows before the policy; NaN where these do not identify the prediction.
    """
    X = np.hstack([dummies(data["unit"]), dummies(data["group"], data["date"])])
    before = X[data["since"] < 0]
    y = data["y"].to_numpy()
    inverse = np.linalg.pinv(before)
    known = np.abs(X @ inverse @ before - X).max(axis=1) < 1e-8
    return np.where(known, y - X @ (inverse @ y[data["since"] < 0]), np.nan)


def leads(data, horizons):
    """Coefficients of dates before the policy beside dense dummies."""
    before = data[data["since"] < 0]
    L = before["since"].to_numpy()[:, None] == horizons
    X = [L, dummies(before["unit"]), dummies(before["group"], before["date"])]
    return np.linalg.lstsq(np.hstack(X), before["y"])[0][: len(horizons)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", WRITTEN)
def test_estimates_are_those_of_dense_dummies_however_dates_are_written(name, seed):
    data = drawn(name, seed)
    keys = {"unit": "unit", "time": "time", "first": "start", "effects": "group^time"}
    keys |= {"horizons": HORIZONS, "leads": LEADS, "spans": SPANS, "draws": 9}
    gaps = imputed(data)
    if np.isnan(gaps[data["since"] >= 0]).all():
        refused("determine the policy", ef.event_study, "y ~ 1", data, **keys)
        return
    fit = ef.event_study("y ~ 1", data, **keys)
    spans = [*((h, h) for h in range(HORIZONS + 1)), *SPANS]
    wanted = []
    for low, high in spans:
        inside = gaps[data["since"].between(low, high) & np.isfinite(gaps)]
        wanted.append(inside.mean() if len(inside) else np.nan)
    early = np.array([int(term) for term in fit.params.index if term.startswith("-")])
    assert len(early)
    close(fit.params, [*leads(data, early), *wanted], 1e-8)
    units = data.drop_duplicates("unit")
    never = [count for key, count in fit.notes.items() if key.startswith("never")]
    assert sum(never) == (units["since"] == NEVER).sum()
