"""The results of a fit in two sentences, how large and how sure: ``fit.interpret()``.

Each estimator has a function of its own; what an interval says of a number is written
once. No sentence calls an estimate "significant", and none calls it an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evenfield.api.explain import Fit

Row = Mapping[Any, Any]  # of one parameter: columns of ``Fit.to_frame``
SURE = 0.05  # p below which a hypothesis is refused


def interpretation(fit: Fit, term: str | None) -> str:
    """Return two sentences on a fit, or on one of its parameters."""
    if "bound" in fit.notes:
        return _equivalence(fit)
    if term is not None:
        return _coefficient(fit, _rows(fit)[term])
    return READERS[fit.page](fit)


def _rows(fit: Fit) -> dict[str, Row]:
    """Return the rows of a fit by parameter, under its first inference."""
    rows = fit.to_frame()
    kinds = rows["inference"]
    # What is described has none.
    of_first = rows[kinds.isin([next(iter(kinds[kinds != ""])), ""])]
    return {str(row["term"]): row for row in of_first.to_dict("records")}


def _first(fit: Fit) -> Row:
    """Return the row of the first parameter that is no constant."""
    rows = _rows(fit)
    return next(row for name, row in rows.items() if name != "Intercept")


def _number(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:.3g}"


def _interval(row: Row, null: float = 0.0) -> str:
    """Say whether the interval of an estimate excludes the value of no effect."""
    low, high = row["conf_low"], row["conf_high"]
    if not np.isfinite([low, high]).all():
        p = row["p_value"]
        return f"It has no confidence interval{'' if np.isnan(p) else f'; p = {_number(p)}'}."
    ends = (
        f"The 95% confidence interval by {row['inference']}, {_number(low)} to"
        f" {_number(high)},"
    )
    if low > null or high < null:
        return f"{ends} excludes {null:g}."
    return f"{ends} includes {null:g}: the data cannot tell the sign."


def _coefficient(fit: Fit, row: Row) -> str:
    outcome = fit.model.split("~")[0].strip()
    size = f"{row['term']} has the estimate {_number(row['estimate'])}"
    return f"{size} in the model of {outcome}. {_interval(row)}"


def _equivalence(fit: Fit) -> str:
    row = _first(fit)
    low, high = _number(row["conf_low"]), _number(row["conf_high"])
    bound = _number(fit.notes["bound"])
    p = row["p_value"]
    # Both one-sided tests at 5% are an interval of 90%.
    return (
        f"{row['term']} has the estimate {_number(row['estimate'])}, with a 90% confidence"
        f" interval by {row['inference']} from {low} to {high}. The test that its size is at"
        f" least {bound} has p = {_number(p)}: {_rejected(p, 'this')}."
    )


def _slope(fit: Fit) -> str:
    rows = _rows(fit)
    if [*rows] == ["Intercept"]:
        return _coefficient(fit, rows["Intercept"])
    row = _first(fit)
    outcome = fit.model.split("~")[0].strip()
    less = "more" if row["estimate"] >= 0 else "less"
    size = _number(abs(row["estimate"]))
    several = len(_rows(fit).keys() - {"Intercept", "sigma2"}) > 1
    held = ", controlling for the other regressors" if several else ""
    first = f"One more of {row['term']} is associated with {size} {less} of {outcome}{held}."
    return f"{first} {_interval(row)}"


def _contrast(fit: Fit) -> str:
    row = _first(fit)
    outcome, against = fit.title.split(": groups against ")
    side = "above" if row["estimate"] >= 0 else "below"
    size = _number(abs(row["estimate"]))
    first = f"{outcome} in {row['term']} is {size} {side} that of {against}."
    return f"{first} {_interval(row)}"


def _beta(fit: Fit) -> str:
    row = _first(fit)
    speed = fit.tables["speed"].to_dict("index")["speed"]
    years = fit.notes["years"]
    if not np.isfinite(speed["estimate"]):
        # 1 + b T is not above zero: no constant speed closes more than a gap.
        return (
            f"Units that began lower grew faster from {years}, so much that they ended"
            " above, which no constant speed implies."
            f" {_interval(row).replace('interval', 'interval of the slope', 1)}"
        )
    percent = _number(100 * abs(speed["estimate"]))
    if speed["estimate"] > 0:
        half = _number(fit.notes["half-life"])
        first = (
            f"Units that began lower grew faster from {years}: gaps closed by {percent}%"
            f" a year, which halves a gap in {half} years."
        )
    else:
        first = (
            f"Units that began lower did not grow faster from {years}: gaps widened by"
            f" {percent}% a year."
        )
    low, high = (_number(100 * speed[end]) for end in ("conf_low", "conf_high"))
    ends = (
        f"The 95% confidence interval of the speed by {row['inference']}, {low} to"
        f" {high}% a year,"
    )
    if speed["conf_low"] > 0 or speed["conf_high"] < 0:
        return f"{first} {ends} excludes 0."
    return f"{first} {ends} includes 0: the data cannot tell whether gaps close."


def _beta_changes(fit: Fit) -> str:
    *_, row = _rows(fit).values()  # the last span
    span, first = str(row["term"]).split(" less ")
    faster = row["estimate"] >= 0
    percent = _number(100 * abs(row["estimate"]))
    p = row["p_value"]
    how = f"Gaps closed {'faster' if faster else 'more slowly'}"
    speeds = fit.tables["speed"]["speed"]
    if speeds[[span, first]].min() < 0:  # gaps that widen do not close
        how = f"The speed at which gaps close was {'higher' if faster else 'lower'}"
    return (
        f"{how} from {span} than from {first}, by {percent} percentage points a year."
        f" The bootstrap has p = {_number(p)}: {_rejected(p, 'no change')}."
    )


def _beta_path(fit: Fit) -> str:
    rows = fit.to_frame()
    if "break after" in fit.notes:
        row = _first(fit)
        change, p = row["estimate"], row["p_value"]
        if not np.isfinite(change):
            return (
                f"The slope changes most after {fit.notes['break after']}, and on one side"
                " it implies no constant speed; the data chose the date. The bootstrap"
                f" over all dates has p = {_number(p)}: {_rejected(p, 'no change')}."
            )
        faster = change >= 0
        how = f"Gaps closed {'faster' if faster else 'more slowly'}"
        if fit.params.drop("change").min() < 0:  # gaps that widen do not close
            how = f"The speed at which gaps close was {'higher' if faster else 'lower'}"
        return (
            f"{how} after {fit.notes['break after']} than before, by"
            f" {_number(100 * abs(change))} percentage points a year; the data chose"
            f" the date. The bootstrap over all dates has p = {_number(p)}:"
            f" {_rejected(p, 'no change')}."
        )
    band = rows[rows["inference"] == "all windows"]
    known = int(band["estimate"].notna().sum())
    if not known:
        return (
            f"No slope of {len(band)} windows implies a constant speed. Their tests are"
            " those of the slopes."
        )
    of_all = "" if known == len(band) else f" of {len(band)}, the others imply none,"
    low, high = (100 * band["estimate"].agg(end) for end in ("min", "max"))
    above = int((band["conf_low"] > 0).sum())
    windows = f"all {above}" if above == known else f"{above} of them"
    missing = fit.notes["bands without an end"]
    unbounded = f" In {missing} it has no upper end or none." if missing else ""
    return (
        f"Over {known} windows{of_all} the speed lies between {_number(low)} and"
        f" {_number(high)}% a year. The joint confidence band lies above zero in"
        f" {windows}.{unbounded}"
    )


def _curve(fit: Fit) -> str:
    estimates = np.array([row["estimate"] for row in _rows(fit).values()])
    above = int((estimates > 0).sum())
    low, middle, high = map(_number, np.quantile(estimates, [0, 0.5, 1]))
    first = (
        f"Estimates above 0: {above} of {len(estimates)}; the median one is {middle}, from"
        f" {low} to {high}."
    )
    p = fit.tables["joint"].to_dict("index")["median_effect"]["p_value"]
    return (
        f"{first} If the treatment is reassigned at random, a median as far on the predicted"
        f" side has p = {_number(p)}: {_rejected(p, 'chance alone')}."
    )


def _rejected(p: float, what: str) -> str:
    """Say of a hypothesis whether it is rejected at the 5% level."""
    return f"{what} is {'rejected' if p < SURE else 'not rejected'} at the 5% level"


def _samples(fit: Fit) -> str:
    rows = _rows(fit)
    if "range" not in fit.tables:
        (row,) = rows.values()
        p = fit.tables["heterogeneity"].to_dict("index")["Q"]["p_value"]
        first = (
            f"Over {fit.notes['samples']} samples the mean is {_number(row['estimate'])},"
            f" and {_rejected(p, 'that they are equal')}."
        )
        return f"{first} {_interval(row)}"
    ends = fit.tables["range"].to_dict("index")
    low, high = ends["lowest"], ends["highest"]
    above = sum(row["estimate"] > 0 for row in rows.values())
    pooled = "heterogeneity" in fit.tables
    what, of_what = ("mean", "groups") if pooled else ("coefficient", "samples")
    return (
        f"The {what} is lowest in {low['sample']}, {_number(low['estimate'])}, and"
        f" highest in {high['sample']}, {_number(high['estimate'])}. It is above 0 in"
        f" {above} of {len(rows)} {of_what}."
    )


def _without_units(fit: Fit) -> str:
    ends = fit.tables["range"].to_dict("index")
    low, high = ends["lowest"], ends["highest"]
    notes = fit.notes
    defined = sum(np.isfinite(row["estimate"]) for row in _rows(fit).values())
    return (
        f"The estimate is {_number(notes['all units'])} with all units. It is between"
        f" {_number(low['estimate'])}, without {low['without']}, and"
        f" {_number(high['estimate'])}, without {high['without']}; its sign changes without"
        f" {notes['sign flips']} of {defined} units."
    )


def _reassigned(fit: Fit) -> str:
    row = _first(fit)
    contrast = fit.title.removesuffix(", labels permuted")
    among = ""
    if "joint" in fit.tables:  # a row an outcome
        contrast = f"{contrast} in {row['term']}"
        among = f" allowing for {len(_rows(fit))} outcomes"
    first = f"The contrast {contrast} is {_number(row['estimate'])}."
    p = row["p_value"]
    return (
        f"{first} If labels are reassigned at random, one as far from 0 has p ="
        f" {_number(p)}{among}: {_rejected(p, 'chance alone')}."
    )


def _root(fit: Fit) -> str:
    row = _first(fit)
    later = "one date later"
    if "other dates" in fit.tables:  # a transition takes several dates
        years = fit.notes["years a transition"] or 1
        later = f"{_number(years)} year{'s' * (years != 1)} later"
    modifiers = [name for name in _rows(fit) if name.startswith("rho_x_")]
    where = " and ".join(name.removeprefix("rho_x_") for name in modifiers)
    of_whom = f" where {where} is 0" if where else ""
    rho = row["estimate"]
    left = f"Of a gap{of_whom}, {_number(100 * rho)}% is left {later}"
    half = fit.notes["half-life"]
    if 0 < half < np.inf:
        closes = f"half of it is gone after {_number(half)} years"
    elif -1 < rho <= 0:
        closes = "it changes sign, so there is no half-life"
    else:
        closes = "gaps do not close"
    low, high = row["conf_low"], row["conf_high"]
    ends = f"The 95% confidence interval of rho, {_number(low)} to {_number(high)},"
    if high < 1 or low > 1:
        return f"{left}; {closes}. {ends} excludes 1, at which gaps persist."
    return f"{left}; {closes}. {ends} reaches 1, at which gaps persist."


def _gmm(fit: Fit) -> str:
    row = _first(fit)
    first = f"{row['term']} has the estimate {_number(row['estimate'])}"
    tests = fit.tables["tests"]["p_value"]
    m2 = f"no correlation of shocks over two dates (m2, p = {_number(tests['m2'])})"
    if not np.isfinite(tests["m2"]):
        return f"{first}. {_interval(row)}"
    ends = f"{_number(row['conf_low'])} to {_number(row['conf_high'])}"
    return f"{first} (95% confidence interval {ends}). {_rejected(tests['m2'], m2).capitalize()}."


def _spatial(fit: Fit) -> str:
    rows = _rows(fit)
    terms = {
        "rho": "Outcomes of neighbours are positively related",
        "lambda": "Residuals of neighbours are positively related",
    }
    there = [name for name in terms if name in rows]
    if not there:
        return _slope(fit)
    name = there[0]
    row = rows[name]
    sense = terms[name]
    if row["estimate"] < 0:
        sense = sense.replace("positively", "negatively")
    caution = ""
    if name == "rho":
        caution = "; coefficients of regressors are not effects, which impacts() gives"
    return f"{sense}: {name} is {_number(row['estimate'])}{caution}. {_interval(row)}"


def _regimes(fit: Fit) -> str:
    row = _first(fit)
    side = "more" if row["estimate"] >= 0 else "less"
    p = row["p_value"]
    return (
        f"Neighbours matter {side} for units of the regime: rho differs by"
        f" {_number(abs(row['estimate']))}. The likelihood ratio test has p = {_number(p)}: {_rejected(p, 'one rho')}."
    )


def _border(fit: Fit) -> str:
    row = _first(fit)
    side = "above" if row["estimate"] >= 0 else "below"
    return (
        f"Over {fit.nobs} pairs units inside are {_number(abs(row['estimate']))} {side}"
        f" their neighbours outside. {_interval(row)}"
    )


def _kernel(fit: Fit) -> str:
    rows = _rows(fit)
    *_, last, settled = rows
    modes = int(rows[settled]["estimate"])
    number = "one mode" if modes == 1 else f"{modes} modes"
    p = rows[last]["p_value"]
    date = last.removeprefix("one mode, ")
    return (
        f"The long-run density of incomes has {number}. The test that the density of"
        f" {date} has one has p = {_number(p)}: {_rejected(p, 'this')}."
    )


def _impacts(fit: Fit) -> str:
    row = _first(fit)
    rows = _rows(fit)
    ending = str(row["term"]).removeprefix("direct ")
    others = rows[f"indirect {ending}"]
    first = (
        f"One more of {ending} in a unit is associated with {_number(row['estimate'])}"
        f" there, and with {_number(others['estimate'])} over all other units."
    )
    if others["std_error"] == 0 == others["estimate"]:
        return (
            f"{first} The model allows no effect on others: it is 0 without an error."
        )
    return (
        f"{first} {_interval(others).replace('interval', 'interval of the latter', 1)}"
    )


def _sigma(fit: Fit) -> str:
    row = _rows(fit)["fall"]
    sizes = {
        str(one["term"]).removeprefix("sigma "): one["estimate"]
        for one in fit.to_frame().to_dict("records")
        if one["term"] != "fall"
    }
    dates, (first, last) = [*sizes], sizes.values()
    moved = "fell" if last < first else "rose"
    p = row["p_value"]
    return (
        f"The standard deviation of log income {moved} from {_number(first)} ({dates[0]})"
        f" to {_number(last)} ({dates[1]}). The test by {row['inference']} has p = {_number(p)}:"
        f" {_rejected(p, 'no change')}."
    )


def _log_t(fit: Fit) -> str:
    row = _first(fit)
    if fit.notes["converges"]:
        first = (
            f"Convergence of all {fit.notes['units']} units to one path is not rejected"
        )
        second = "This does not show convergence: a short panel rejects rarely"
    else:
        first = f"Convergence of all {fit.notes['units']} units to one path is rejected"
        second = "Some of them may converge in clubs: see clubs"
    return f"{first} (t = {_number(row['statistic'])}, critical value -1.65). {second}."


def _clubs(fit: Fit) -> str:
    sizes = [
        str(value)
        for name, value in fit.notes.items()
        if name.startswith("units in club")
    ]
    none = fit.notes["none"]
    alone = f"; {none} belong to none" if none else ""
    clubs = "one club" if len(sizes) == 1 else f"{len(sizes)} clubs"
    return (
        f"The {fit.notes['units']} units form {clubs}, of {', '.join(sizes)} units{alone}."
        " The grouping may be sensitive to the span and to how trends are removed."
    )


def _inequality(fit: Fit) -> str:
    path = fit.tables["over time"]
    first, last = path["total"].iloc[0], path["total"].iloc[-1]
    if len(path) == 1:
        size = f"The index is {_number(first)}"
    else:
        moved = "fell" if last < first else "rose"
        size = (
            f"The index {moved} from {_number(first)} ({path.index[0]}) to"
            f" {_number(last)} ({path.index[-1]})"
        )
    if len(path.columns) == 1:
        return f"{size}. No groups were given, so it is not decomposed."
    if "between" not in path:
        within = _number(100 * path["within"].iloc[-1] / last) if last else "no"
        return f"{size}. At the last date {within}% of it lies within both groupings."
    share = _number(100 * path["between"].iloc[-1] / last) if last else "no"
    return f"{size}. At the last date {share}% of it lies between the groups."


def _support(fit: Fit) -> str:
    low, high, share = fit.params[["low", "high", "share"]]
    if not share:
        return (
            "The thirds have no common support in the outcome. A comparison of units with much and"
            " with little depends on the form of the regression alone."
        )
    return (
        f"The thirds have common support from {_number(low)} to {_number(high)}."
        f" It contains {_number(100 * share)}% of the units."
    )


def _growth(fit: Fit) -> str:
    groups = fit.tables["groups"]
    most = groups.sort_values("share").iloc[-1]
    share, before = (_number(100 * most[name]) for name in ("share", "share at start"))
    ahead = groups.index[groups["share"] > groups["share at start"]]
    outgrew = ", ".join(map(str, ahead)) or "No group"
    # Points of the total at the start sum to its growth rate.
    of_what, grew = "growth", "outgrew"
    if groups["points"].sum() < 0:
        of_what, grew = "fall", "fell faster than"
    return (
        f"{most.name} accounts for {share}% of the {of_what} and had {before}% of the total"
        f" at the start. {outgrew} {grew} the total."
    )


def _markov(fit: Fit) -> str:
    matrix = fit.tables["transitions"].to_numpy()
    stays = _number(100 * float(np.nanmean(np.diag(matrix))))
    first = (
        f"On average {stays}% of the units of a class are still in it one step later."
    )
    if "Q p" in fit.notes:
        p = fit.notes["Q p"]
        return f"{first} {_rejected(p, 'That neighbours do not matter')} (p = {_number(p)})."
    half = fit.notes["half-life"]
    return f"{first} The half-life of the way to the long run is {_number(half)} years."


def _sigma_path(fit: Fit) -> str:
    row = _first(fit)
    side = "rose" if row["estimate"] > 0 else "fell"
    breaks = fit.notes["breaks"]
    number = {0: "no break", 1: "one break"}.get(breaks, f"{breaks} breaks")
    p = row["p_value"]
    return (
        f"The variance of logs {side} by {_number(abs(row['estimate']))} a year, and its"
        f" root is described best with {number}. The test that a constant variance as"
        f" persistent as the data falls so much has p = {_number(p)}: {_rejected(p, 'this')}."
    )


def _moran(fit: Fit) -> str:
    *_, row = _rows(fit).values()  # the last date
    expected = fit.notes["mean without dependence"]
    more = row["estimate"] > expected
    date = str(row["term"]).removeprefix("I").strip()
    when = f" in {date}" if date else ""
    # Given controls, or with another variable of the neighbours.
    beside = fit.title.removeprefix("Moran's I")
    first = (
        f"Neighbours are {'similar' if more else 'no more similar than others'}{beside}"
    )
    if beside.startswith(" with "):
        other = beside.removeprefix(" with ")
        side = "higher" if more else "lower"
        first = f"{fit.model} is {side} where {other} is higher"
    return (
        f"{first}{when}: I is {_number(row['estimate'])}, against"
        f" {_number(expected)} without dependence. The permutation test has p ="
        f" {_number(row['p_value'])}: {_rejected(row['p_value'], 'no dependence')}."
    )


def _join_count(fit: Fit) -> str:
    row = _first(fit)
    expected = _number(fit.notes["both by chance"])
    p = row["p_value"]
    return (
        f"Two neighbours have the mark together {row['estimate']:.0f} times, against"
        f" {expected} if the marks were placed at random. So many or more have p ="
        f" {_number(p)}: {_rejected(p, 'chance')}."
    )


def _event_study(fit: Fit) -> str:
    *_, row = _rows(fit).values()  # the last span
    outcome = fit.model.split("~")[0].strip()
    side = "above" if row["estimate"] >= 0 else "below"
    first = (
        f"{row['term']} dates after the policy {outcome} is"
        f" {_number(abs(row['estimate']))} {side} what cells without it predict."
    )
    cells = fit.tables["event study"]
    lost = cells["not imputed"].to_dict()[row["term"]]
    if lost:
        first = f"{first[:-1]}; {lost} cells with it have none to compare with."
    low, *_, high = map(int, str(row["term"]).split(" to ") * 2)
    without = [name for name in cells.index[cells["cells"] == 0] if name.isdigit()]
    within = [name for name in without if low <= int(name) <= high]
    if within:
        first = f"{first[:-1]}; no cell counts {' or '.join(within)} dates after it."
    p = fit.tables["checks"].to_dict("index")["leads, all at once"]["p_value"]
    leads = "leads could not be tested"
    if np.isfinite(p):
        leads = f"{_rejected(p, 'that all leads are zero')} (p = {_number(p)})"
    return f"{first} {_interval(row)[:-1]}; {leads}."


def _rings(fit: Fit) -> str:
    rows = fit.to_frame().to_dict("records")
    own = next(row for row in rows if row["term"] == "own")
    ring = next(row for row in _rows(fit).values() if row["term"] != "own")
    outcome = fit.model.split("~")[0].strip()
    gaps = []
    for row in (ring, own):
        side = "above" if row["estimate"] >= 0 else "below"
        gaps.append(f"{_number(abs(row['estimate']))} {side}")
    first = (
        f"Compared with what far units predict, {outcome} is {gaps[0]} in units {ring['term']}"
        f" away from the policy, and {gaps[1]} in units under it."
    )
    return f"{first} {_interval(ring).replace('interval', 'interval of the ring', 1)}"


def _placement(fit: Fit) -> str:
    row = _first(fit)
    outcome = fit.model.split("~")[0].strip()
    side = "above" if row["estimate"] >= 0 else "below"
    size = _number(abs(row["estimate"]))
    first = f"Before the policy {outcome} of units with {row['term']} was {size} {side}"
    return f"{first} that of others of their group. {_interval(row)}"


# What lies nearby, by how it is measured.
NEARBY = {
    "any": "some unit within reach is on",
    "share": "all units within reach are on",
}


def _nearby(fit: Fit) -> str:
    *_, row = _rows(fit).values()  # the last difference, or the only list nearby
    outcome = fit.model.split("~")[0].strip()
    here = NEARBY[str(fit.notes["reach"]).split()[0]]
    first, *second = [part.removeprefix("near_") for part in row["term"].split(" - ")]
    against = f"on {second[0]}" if second else "none"
    side = "higher" if row["estimate"] >= 0 else "lower"
    gap = (
        f"Of units on no list {outcome} is {_number(abs(row['estimate']))} {side} where"
        f" {here} {first} rather than {against}."
    )
    return f"{gap} {_interval(row)}"


def _list_agreement(fit: Fit) -> str:
    first, *_ = fit.tables["pairs"].to_dict("records")
    row = _first(fit)
    agreement = (
        f"{first['first']} and {first['second']} agree on"
        f" {100 * first['agreement']:.1f}% of the units, and kappa is"
        f" {_number(row['estimate'])}."
    )
    return f"{agreement} {_interval(row)}"


def _list_shrinkage(fit: Fit) -> str:
    *_, last = fit.tables["factors"].to_dict("records")
    row = _rows(fit)[f"{last['term']} if {last['truth']}"]
    meaning = "too little for an estimate"
    if np.isfinite(row["estimate"]):
        meaning = f"so that the estimate is {_number(row['estimate'])}"
    prints = (
        f"If the right list is {last['truth']}, one point is estimated as"
        f" {_number(last['factor'])} in {last['term']}, {meaning}."
    )
    return f"{prints} {_interval(row)}"


# What stands behind the p-value of a gap, by inference.
CHANCE_OF_GAP = {
    "ranks": "If each donor takes its place in turn, a mean gap as large has",
    "ratio": (
        "If each donor takes its place in turn, a gap as large relative to the error"
        " before has"
    ),
    "conformal": (
        "If residuals of a fit to all dates are permuted over time, such as large have"
    ),
}


def _synthetic_control(fit: Fit) -> str:
    row = _first(fit)
    side = "above" if row["estimate"] >= 0 else "below"
    notes = fit.notes
    first = (
        f"From {notes['effect']} {fit.model} of {notes['treated']} is"
        f" {_number(abs(row['estimate']))} {side} its synthetic control on average"
    )
    if notes["poor fit"]:
        first = f"{first}; that fit is poor, with an {notes['poor fit']}"
    p = row["p_value"]
    # Ranks reject at p = 5%, too: the interval excludes what they reject.
    rejected = "rejected" if p <= SURE else "not rejected"
    second = (
        f"{CHANCE_OF_GAP[row['inference']]} p = {_number(p)}: chance is {rejected} at the"
        " 5% level"
    )
    # One of J + 1 units is the treated one itself, and one of T shifts is none.
    count, what = notes["units"], "units"
    if row["inference"] == "conformal":
        count, what = len(fit.tables["path"]), "dates"
    if 1 / count > SURE:
        second = f"{second}, and with {count} {what} it cannot be"
    return f"{first}. {second}."


READERS: dict[str, Callable[[Fit], str]] = {
    "ols": _slope,
    "contrasts": _contrast,
    "beta-convergence": _beta,
    "common-support": _support,
    "beta-changes": _beta_changes,
    "beta-windows": _beta_path,
    "specification-curve": _curve,
    "ols-by": _samples,
    "leave-one-out": _without_units,
    "label-permutation": _reassigned,
    "dynamic-fixed-effects": _root,
    "dynamic-gmm": _gmm,
    "spatial-panel": _spatial,
    "spatial-cross-section": _spatial,
    "spatial-regimes": _regimes,
    "spatial-dynamic": _spatial,
    "impacts": _impacts,
    "sigma": _sigma,
    "sigma-path": _sigma_path,
    "log-t": _log_t,
    "clubs": _clubs,
    "inequality": _inequality,
    "growth-contributions": _growth,
    "markov": _markov,
    "stochastic-kernel": _kernel,
    "moran": _moran,
    "join-count": _join_count,
    "border-difference": _border,
    "event-study": _event_study,
    "rings": _rings,
    "placement": _placement,
    "nearby": _nearby,
    "list-agreement": _list_agreement,
    "list-shrinkage": _list_shrinkage,
    "synthetic-control": _synthetic_control,
}
