"""What commands of Stata and R print on public data, and the same by evenfield.

`programs/printed.csv` holds the printed numbers, `programs/stata.yaml` and `r.yaml` the
commands, the calls and the conventions. `python3 docs/_programs.py` compares them,
writes the digits into printed.csv and makes the two pages of docs/library.
"""

import csv
from dataclasses import dataclass
from functools import cache
from math import floor, log, log10, sqrt
from pathlib import Path
from typing import Any

import libpysal
import numpy as np
import pandas as pd
import statsmodels.api as sm
from libpysal import examples
from linearmodels.datasets import munnell
from scipy.sparse import csr_array

import evenfield as ef
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import clustered
from evenfield.numerics.inference.conley import SpatialKernel, conley_panel_inference
from evenfield.numerics.ols import fit_ols
from yaml_text import from_yaml

GOLDEN = Path(__file__).parent
PROGRAMS = GOLDEN / "programs"
PRINTED = PROGRAMS / "printed.csv"
MOST_DIGITS = (
    8  # that are compared: more than any reader needs, fewer than rounding moves
)
COLUMNS = ["case", "term", "quantity", "printed", "digits"]


# --------------------------------------------------------------------------------------
# data, by the names that the calls have


def grunfeld():
    data = sm.datasets.grunfeld.load_pandas().data
    return data[data["firm"] != "American Steel"]


def _single(data, names):
    """Return a table with columns in single precision, as Stata keeps them."""
    return data.assign(
        **{name: data[name].astype(np.float32).astype(float) for name in names}
    )


def webuse_grunfeld():
    return _single(grunfeld(), ["invest", "value", "capital"])


def abdata():
    return _single(pd.read_csv(PROGRAMS / "abdata.csv"), ["n", "w", "k"])


def firms():
    return pd.read_csv(GOLDEN / "arellano_bond" / "data.csv")


def _long(path, names, outcome):
    """Return a table with years across as one row a unit and year."""
    data = pd.read_csv(path).melt(names, var_name="year", value_name=outcome)
    return data.assign(year=data["year"].astype(int))


def counties():
    path = GOLDEN / "event_study" / "mpdta.csv"
    return _long(path, ["county", "first"], "employed").assign(
        lemp=lambda rows: np.log(rows["employed"])
    )


def replica():
    data = _long(PROGRAMS / "replica.csv", ["countyreal", "first_treat"], "lemp")
    first = data["first_treat"]
    return data.assign(treat=((first > 0) & (data["year"] >= first)).astype(float))


def medicaid():
    data = _long(PROGRAMS / "medicaid.csv", ["stfips", "yexp2"], "dins")
    first = data["yexp2"]
    return data.assign(post=((first > 0) & (data["year"] >= first)).astype(float))


def fifteen():
    rng = np.random.default_rng(2024)
    firm = rng.integers(0, 15, 600)
    x = rng.normal(size=600)
    z = rng.normal(size=600)
    shocks = rng.normal(0, 0.8, size=15)[firm]
    y = 0.07 * x + 0.5 * z + shocks + rng.normal(0, 1.0, size=600)
    return _single(
        pd.DataFrame({"y": y, "x": x, "z": z, "firm": firm}), ["y", "x", "z"]
    )


def places():
    rng = np.random.default_rng(7)
    lat = rng.uniform(40.0, 40.5, 25)
    lon = rng.uniform(-100.0, -99.5, 25)
    unit = np.repeat(np.arange(25), 12)
    data = pd.DataFrame(
        {
            "id": unit,
            "t": np.tile(np.arange(12), 25),
            "lat": lat[unit],
            "lon": lon[unit],
        }
    )
    data["x1"] = rng.normal(size=300)
    data["x2"] = rng.normal(size=300)
    data["y"] = 1.0 + 0.5 * data["x1"] - 0.3 * data["x2"] + rng.normal(size=300)
    return data


def insured():
    data = _single(pd.read_csv(PROGRAMS / "insured.csv"), ["hasinsurance"])
    return data.assign(post_self=data["post"] * data["selfemployed"])


def columbus():
    table = libpysal.io.open(examples.get_path("columbus.dbf"))
    data = pd.DataFrame(list(table), columns=table.header)
    areas = data["POLYID"].astype(int).astype(str)
    return data.assign(area=areas, neigno=data["NEIGNO"].astype(int))


def queen():
    neighbours = libpysal.io.open(examples.get_path("columbus.gal")).read().neighbors
    return _edges(
        (unit, near) for unit, all_near in neighbours.items() for near in all_near
    )


def first_order():
    pairs = pd.read_csv(PROGRAMS / "columbus_1988.csv") + 1000
    return ef.weights(
        pairs.set_axis(["unit", "neighbour"], axis=1).assign(weight=1.0), symmetric=True
    )


def grid():
    data = pd.read_csv(PROGRAMS / "grid.csv")
    cells = data["grid_row"].astype(str) + "," + data["grid_col"].astype(str)
    return data.assign(cell=cells)


def rook():
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    own = list(grid()[["grid_row", "grid_col"]].itertuples(index=False))
    return _edges(
        (f"{i},{j}", f"{i + down},{j + right}")
        for i, j in own
        for down, right in steps
        if (i + down, j + right) in set(own)
    )


def states():
    return munnell.load()


def near():
    names = sorted(munnell.load()["STATE"].unique())
    neighbours = libpysal.io.open(examples.get_path("states48.gal")).read().neighbors
    return _edges(
        (names[int(unit)], names[int(other)])
        for unit, others in neighbours.items()
        for other in others
    )


def _edges(pairs):
    return ef.weights(
        pd.DataFrame(pairs, columns=["unit", "neighbour"]).assign(weight=1.0)
    )


def districts():
    data = pd.read_csv(PROGRAMS / "districts.csv.xz")
    return data.assign(ln_pov=np.log(data["pov"]))


def inverse():
    """Return inverse distances in degrees, as ``spmat idistance``."""
    places = pd.read_csv(PROGRAMS / "districts_places.csv", index_col="fips")
    x, y = places.to_numpy().T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    weights = np.divide(1, apart, out=np.zeros_like(apart), where=apart > 0)
    return ef.weights(pd.DataFrame(weights, places.index, places.index))


def countries():
    from convergence_clubs import load_filtered_gdp  # GPL-3: its data serve here alone

    return _by_country(load_filtered_gdp().reset_index(), "y")


def gdp():
    import convergence_clubs

    path = Path(convergence_clubs.__file__).parent / "data" / "gdp.csv"
    return _by_country(pd.read_csv(path), "gdp")


def _by_country(data, outcome):
    rows = data.melt(data.columns[0], var_name="year", value_name=outcome)
    rows = rows.set_axis(["country", "year", outcome], axis=1)
    return rows.assign(year=rows["year"].astype(int))


def twelve():
    values = [2.1, 3.5, 1, 8.2, 4.4, 12, 6.7, 2.9, 5.5, 9.1, 3.3, 7.8]
    return pd.DataFrame({"y": values, "unit": range(12)})


DATA = {
    make.__name__: make
    for make in (
        *(
            grunfeld,
            webuse_grunfeld,
            abdata,
            firms,
            counties,
            replica,
            medicaid,
            fifteen,
            places,
            insured,
        ),
        *(columbus, queen, first_order, grid, rook, states, near, districts, inverse),
        *(countries, gdp, twelve),
    )
}


class Names(dict):
    """Names that a call may have: data are made when one asks for them."""

    def __missing__(self, name):
        if name not in DATA:
            raise KeyError(name)
        self[name] = DATA[name]()
        return self[name]


# --------------------------------------------------------------------------------------
# cases


@dataclass(frozen=True)
class Case:
    """One output of a command and the call that gives the same."""

    id: str
    typed: str  # what the user of the program types
    ef: str
    data: str
    source: str
    read: dict[str, str]  # of a quantity: how it is made of a fit
    why: str


@dataclass(frozen=True)
class Command:
    """A command, or several that do the same."""

    command: str
    does: str
    page: str  # of docs/library
    differs: list[str]
    cases: list[Case]
    none: str  # what is said where nothing is compared


@cache
def commands(program):
    """Return the commands of a page, ``stata`` or ``r``."""
    out = []
    for entry in from_yaml((PROGRAMS / f"{program}.yaml").read_text()):
        cases = [Case(**{"read": {}, "why": "", **case}) for case in entry.pop("cases")]
        out.append(Command(**{"none": "", **entry}, cases=cases))
    return out


def all_cases():
    return [
        case
        for program in ("stata", "r")
        for command in commands(program)
        for case in command.cases
    ]


@dataclass(frozen=True)
class Printed:
    """One printed number: ours must round to it at ``digits`` significant digits."""

    case: str
    term: str
    quantity: str
    printed: str  # as it stands in the output
    digits: str

    @property
    def value(self):
        return float(self.printed)

    @property
    def told(self):
        """Significant digits that are printed, at most those that are compared."""
        mantissa = self.printed.lower().split("e")[0].lstrip("-").replace(".", "")
        return min(max(len(mantissa.lstrip("0")), 1), MOST_DIGITS)

    def agrees(self, ours, digits):
        """Whether ours differs by half a unit of that digit at most."""
        unit = 10.0 ** (floor(log10(abs(self.value))) + 1 - digits)
        return bool(abs(ours - self.value) <= unit * (0.5 + 1e-6))

    def agreed(self, ours):
        """Return the digits at which ours agrees, 0 for none."""
        digits = self.told
        while digits and not self.agrees(ours, digits):
            digits -= 1
        return digits


@cache
def printed():
    with PRINTED.open(newline="") as file:
        return [Printed(**row) for row in csv.DictReader(file)]


def write(rows):
    with PRINTED.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


# --------------------------------------------------------------------------------------
# ours

TESTS = {"hansen": "Hansen", "sargan": "Sargan", "m1": "m1", "m2": "m2"}
OF_FIT = {"nobs", "loglik", "aic", "bic"}


# One for all calls: weights know their log-determinant once it is computed.
NAMES = Names(ef=ef, np=np)


@cache
def fitted(call):
    return eval(call, {"__builtins__": {}}, NAMES)


def own_included(fit, term):
    """Return the error of an imputed effect whose cohort's mean holds the own unit, as
    in did_imputation (Borusyak, Jaravel and Spiess 2024).
    """
    panel = fit.raw
    span = [int(end) for end in term.split(" to ")]
    target = panel.treated & (panel.horizon >= span[0]) & (panel.horizon <= span[-1])
    design = Imputation.of(panel)
    means = design.averages(target[None])
    units = np.arange(len(panel.Y))
    cohorts = np.unique(panel.first, return_inverse=True)[1]
    scores = design.clean_scores(means.weights) + design.treated_scores(
        means.weights, units, cohorts, leave_out=False
    )
    present = (means.weights > 0).any(axis=2)
    return clustered(means.estimate, scores, units, present).std_error[0]


def on_a_plane(term, lags):
    """Return Conley's error of ``places`` by acreg's distances: 111 km a degree, and
    longitudes by the latitude of one unit of a pair; the mean of both ways.
    """
    data = places()
    X = np.column_stack([data[["x1", "x2"]], np.ones(len(data))])
    fit = fit_ols(data["y"].to_numpy(), X)
    lat, lon = data.groupby("id")[["lat", "lon"]].first().to_numpy().T
    north = 111 * (lat[:, None] - lat)
    east = 111 * (lon[:, None] - lon) * np.cos(np.radians(lat))[:, None]
    one_way = np.maximum(1 - np.hypot(north, east) / 40, 0.0)
    weights = csr_array((one_way + one_way.T) / 2)
    kernel = SpatialKernel(np.arange(len(lat)), weights, 40.0, "bartlett")
    c = np.eye(3)[["x1", "x2", "Intercept"].index(term)]
    inference = conley_panel_inference(fit, c, data["id"], data["t"], kernel, lags)
    return inference.std_error


def wald(fit):
    """Return b' V^-1 b of the slopes."""
    slopes = [name for name in fit.params.index if name != "Intercept"]
    b = fit.params[slopes].to_numpy()
    return b @ np.linalg.solve(fit.cov.loc[slopes, slopes].to_numpy(), b)


def ours(case, row):
    """Return the number of our fit that stands against a printed one."""
    fit = fitted(case.ef)
    column = "std_error" if row.quantity == "variance" else row.quantity
    told = None
    if hasattr(fit, "to_frame"):
        lines = fit.to_frame().set_index("term")
        if row.term in lines.index and column in lines:
            told = lines[column].loc[[row.term]].iloc[0]
    if column in case.read:
        names: dict[str, Any] = {
            "fit": fit,
            "v": told,
            "term": row.term,
            "sqrt": sqrt,
            "log": log,
            "len": len,
            "test": lambda name: fit.tables["tests"].loc[name, "statistic"],
            "check": lambda name: fit.tables["checks"].loc[name],
            "differences": lambda gmm: gmm.raw.n_rows - gmm.raw.n_levels,
            "own_included": own_included,
            "lm": lambda tests, name: next(
                test.statistic for test in tests if test.name == name
            ),
            "on_a_plane": on_a_plane,
            "wald": wald,
        }
        told = eval(case.read[column], {"__builtins__": {}}, names)
    elif column in TESTS:
        told = fit.tables["tests"].loc[TESTS[column], "statistic"]
    elif column in OF_FIT:
        told = getattr(fit, column)
    elif told is None:
        told = fit.notes[column]
    return float(told) ** 2 if row.quantity == "variance" else float(told)
