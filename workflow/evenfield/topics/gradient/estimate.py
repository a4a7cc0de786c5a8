"""Where clusters lie: East against the rest, South within the East, and whether their
neighbours have them too.
"""

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from evenfield.models.moran import marked_links
from evenfield.models.paths import deal_paths
from evenfield.numerics.arrays import is_constant
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.permutations import permuted_sum_p
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.numerics.shares import detectable_difference
from evenfield.shared.estimates import Estimate, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import links_fields, sample_rows
from evenfield.shared.settings import check_names, scheme_info
from evenfield.shared.spec import Id, Role, Spec, read
from evenfield.shared.tables.rows import only
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.study.study_config import HypothesisName, TaxonomyName

KINDS = {
    "east": Kind("fisher_exact", "east", "coef", "share"),
    "south": Kind("latitude_permutation", "south_within_east", "coef", "degrees south"),
    "moran": Kind("moran", "morans_i", "coef", "index"),
    "links": Kind("join_count", "links_between", "coef", "links"),
    "east_degrees": Kind("poisson_qml", "east_degrees", "coef", "log count per degree"),
    "south_degrees_within_east": Kind(
        "poisson_qml", "south_degrees_within_east", "coef", "log count per degree"
    ),
}
NO_COUNT = "no count of clusters is named, only a list of units that have some"
FEWEST = 4


class GradientSpec(Spec):
    """One specification of the gradients of clusters."""

    id: Id
    taxonomies: list[TaxonomyName] = Field(min_length=1)
    """Lists of cluster units, the main one first."""
    regions: str = Field(min_length=1)
    """Column of units.csv with the regions."""
    east: str = Field(min_length=1)
    """Its value for the East."""
    count: str = ""
    """Licensed count of clusters in clusters.csv, whose gradients then decide."""
    stand_ins: list[str] = []
    """Other counts of clusters.csv, reported beside."""
    hypothesis: HypothesisName = ""
    """Hypothesis that the deciding rows speak to."""
    role: Role = "exploratory"
    """Role of the deciding rows."""


Section = list[GradientSpec]


class Geography(NamedTuple):
    """Where the N units are."""

    units: tuple[str, ...]
    lat: np.ndarray  # (N,) degrees
    lon: np.ndarray  # (N,) degrees
    inside: np.ndarray  # (N,) whether a unit is in the East
    W: csr_array  # (N, N) spatial weights
    w_id: str
    note: str  # a warning about the weights


def check_data(study: Study, _: Section, spec: GradientSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    geography_of(study, spec)
    measures = study.ingested("clusters")["measure"].unique()
    if len(measures):
        named = filter(None, [spec.count, *spec.stand_ins])
        where = f"estimates.gradient.{spec.id}"
        check_names(named, measures, f"{where}: count or stand_ins")


def estimate(study: Study) -> Results:
    """Test the gradients of cluster lists and counts for every specification."""
    inference = study.config.inference
    out = Results()
    out.fit = inference.fields("permutations")
    out.fit["specs"] = []
    for spec in read(Section, study.config, "gradient"):
        geography = geography_of(study, spec)
        N = len(geography.units)
        shared = {
            "family": "gradient",
            "spec_id": spec.id,
            "hypothesis": spec.hypothesis,
            "unit_scheme": study.main,
            "n_obs": N,
            "n_units": N,
        }
        for taxonomy in spec.taxonomies:
            marks = marks_of(study, spec, taxonomy, geography.units)
            # ASSUME: a list of cluster units decides only while no licensed count is
            # named.
            decides = taxonomy == spec.taxonomies[0] and not spec.count
            role = spec.role if decides else "robustness"
            labels = shared | {"treatment_def": taxonomy}
            out.estimates += _mark_rows(marks, geography, role, study, **labels)
        counts = list(dict.fromkeys(filter(None, [spec.count, *spec.stand_ins])))
        for name in counts or [""]:
            # Stand-ins stand beside; only the licensed count can decide.
            role = spec.role if name and name == spec.count else "robustness"
            summed = counts_of(study, name, geography.units)
            labels = shared | {"treatment_def": name}
            out.estimates += _count_rows(name, summed, geography, role, study, **labels)
        out.fit["specs"].append(
            {
                "spec_id": spec.id,
                "n_units": N,
                "n_east": int(geography.inside.sum()),
                "taxonomies": spec.taxonomies,
                "counts": counts,
            }
        )
    return out


def marks_of(
    study: Study, spec: GradientSpec, taxonomy: str, units: tuple[str, ...]
) -> np.ndarray:
    """Return one for each unit with a cluster of a taxonomy and zero for others, (N,)."""
    cells = only(study.table("cells"), taxonomy=taxonomy)
    own = cells[["unit", "cluster"]].drop_duplicates()
    rows = sample_rows(own, units, ("cluster",), f"estimates.gradient.{spec.id}")
    return rows["cluster"].to_numpy(float)


def counts_of(study: Study, measure: str, units: tuple[str, ...]) -> np.ndarray:
    """Return a count of clusters.csv by unit, summed where units are merged; missing
    where a part lacks it.
    """
    clusters = only(study.ingested("clusters"), measure=measure)
    values = clusters.set_index("unit")["value"].astype(float)
    merged = study.description().get("merged") or {}
    parts = [list(merged.get(unit, [unit])) for unit in units]
    # A merged unit holds the sum of its parts, and is blank where one part is.
    return np.array([values.reindex(names).sum(skipna=False) for names in parts])


def geography_of(study: Study, spec: GradientSpec) -> Geography:
    """Return where the units of a specification are, and their weights."""
    where = f"estimates.gradient.{spec.id}"
    frame = study.table("units")
    units = scheme_info(study.description()).samples["all"]
    check_names([spec.regions], frame.columns, f"{where}.regions")
    rows = sample_rows(frame, units, ("lat", "lon"), where)
    inside = rows[spec.regions].astype(str).eq(spec.east).to_numpy()
    if not 0 < inside.sum() < len(units):
        raise EstimateError(
            f"{where}: {inside.sum()} of {len(units)} units have {spec.regions} ="
            f" {spec.east}",
            "some and not all",
            "correct `regions` or `east`",
        )
    weights = study.weights()
    W, note = weights.among(units)
    return Geography(
        units=units,
        lat=rows["lat"].to_numpy(float),
        lon=rows["lon"].to_numpy(float),
        inside=inside,
        W=W,
        w_id=str(weights.spec.get("weights", "")),
        note=note,
    )


def _mark_rows(
    marks: np.ndarray, geography: Geography, role: str, study: Study, **shared: Any
) -> list[Estimate]:
    """Test where a zero-one list of units lies; marks (N,)."""
    shared |= {"outcome": "cluster", "n_treated": int(marks.sum())}
    rows = Rows(KINDS, role, **shared)
    beside = Rows(KINDS, "robustness", geography.note, **shared, w_id=geography.w_id)
    _add_east(rows, marks > 0, geography, study)
    _add_south(rows, marks, geography, study)
    _add_moran(beside, marks, geography, study)
    _add_links(beside, marks, geography, study)
    return rows.estimates + beside.estimates


def draw_id_of(row: Mapping[str, Any], what: str) -> str:
    """Return the name of the random stream of a row."""
    names = (row[name] for name in ("spec_id", "treatment_def", "outcome"))
    return ":".join(["gradient", *names, what])


def _stream(rows: Rows, what: str, study: Study) -> tuple[np.random.Generator, str]:
    """Return the random stream of a row and its name with the base seed."""
    seed = study.config.inference.seed
    draw_id = draw_id_of(rows.shared, what)
    return generator_for(seed, draw_id), f"{seed}:{draw_id}"


def _add_east(
    rows: Rows, marked: np.ndarray, geography: Geography, study: Study
) -> None:
    """Compare the share of marked units in the East with that of the others; marked
    (N,).

    Notes
    -----
    Fisher (1935): given both margins the test is the permutation of marks over units,
    counted out. Interval: Newcombe (1998), method 10.
    """
    from scipy.stats import fisher_exact
    from statsmodels.stats.proportion import confint_proportions_2indep

    level = study.config.inference.level
    n = len(marked)
    k = int(marked.sum())
    size = int(geography.inside.sum())
    rest = n - size
    contrast = {"contrast": "east - rest"}
    # With no unit marked, or every one, a single table is possible: no test.
    if not 0 < k < n:
        reason = (
            f"{k} of {n} units are marked and {size} are inside, both must be some and"
            " not all"
        )
        rows.undefined(["east"], reason, **contrast)
        return
    held = int((marked & geography.inside).sum())
    others = k - held
    # Rows: East and rest; columns: marked and not.
    table = np.array([[held, size - held], [others, rest - others]])
    low, high = confint_proportions_2indep(
        held, size, others, rest, method="newcomb", alpha=1 - level
    )
    # From the odds ratio at which the exact power reaches the power asked for.
    mde = detectable_difference(n, k, size, level, study.power)
    unseen = "no difference is seen with the power asked for" if np.isnan(mde) else ""
    rows.add(
        "east",
        f"{held} of {size} units of the East, {others} of the others",
        unseen,
        **contrast,
        estimate=held / size - others / rest,
        conf_low=float(low),
        conf_high=float(high),
        conf_level=level,
        # A sum of probabilities can pass one by rounding.
        p_value=min(1.0, float(fisher_exact(table).pvalue)),
        mde=mde,
        p_type="Fisher exact, two-sided",
        se_type="Newcombe score interval",
    )


def _add_south(
    rows: Rows, marks: np.ndarray, geography: Geography, study: Study
) -> None:
    """Compare the latitude of marked units of the East with that of its others by
    placing the marks anew.
    """
    inference = study.config.inference
    level = inference.level
    east = geography.inside
    n = int(east.sum())
    labels = {
        "contrast": "cluster - other",
        "n_obs": n,
        "n_units": n,
        "n_treated": int(marks[east].sum()),
    }
    rng, seed = _stream(rows, "south", study)
    try:
        # Degrees South on marks: one cross-section, so all dates are the same.
        dealt = deal_paths(
            -geography.lat[east],
            marks[east],
            np.array(geography.units)[east],
            np.zeros(n),
            inference.permutations,
            rng,
            level,
        )
        # Under the null placement alone moves the statistic; the MDE is (t + t) times
        # that, with the n - 2 degrees of freedom of a difference of two means.
        mde = mde_multiplier(n - 2, study.power, level) * dealt.std_error
    except NumericsError as fault:
        rows.undefined(["south"], fault, **labels)
        return
    test = dealt.test
    kind = "all placements" if dealt.enumerated else "random placements"
    closed = np.isfinite([test.conf_low, test.conf_high]).all()
    rows.add(
        "south",
        "" if closed else "an end of the interval is open",
        **labels,
        estimate=test.estimate,
        std_error=dealt.std_error,
        mde=mde,
        p_value=test.p_value,
        conf_low=finite_or_nan(test.conf_low),
        conf_high=finite_or_nan(test.conf_high),
        conf_level=level,
        se_type="permutation within the East",
        p_type=f"{dealt.draws} {kind} within the East, two-sided",
        # With all placements counted out nothing was drawn.
        seed="" if dealt.enumerated else seed,
    )


def _add_moran(
    rows: Rows, values: np.ndarray, geography: Geography, study: Study
) -> None:
    """Test whether units near each other are alike; values (N,)."""
    rng, seed = _stream(rows, "moran", study)
    permutations = study.config.inference.permutations
    try:
        test = morans_i_test(values, geography.W, rng, permutations)
    except NumericsError as error:
        rows.undefined(["moran"], error)
        return
    rows.add(
        "moran",
        estimate=test.statistic,
        std_error=finite_or_nan(test.std_error),
        p_value=test.p_value,
        se_type="Cliff-Ord, independent normal errors",
        p_type="permutation of units, two-sided",
        seed=seed,
    )


def _add_links(
    rows: Rows, marks: np.ndarray, geography: Geography, study: Study
) -> None:
    """Count the links between two marked units and place the marks anew."""
    rng, seed = _stream(rows, "links", study)
    permutations = study.config.inference.permutations
    try:
        links = marked_links(marks, geography.W, rng, permutations).counts
    except NumericsError as error:
        rows.undefined(["links"], error)
        return
    rows.add(
        "links",
        f"{links.expected:.3g} links expected",
        **links_fields(links, seed),
    )


def _count_rows(
    name: str,
    counts: np.ndarray,
    geography: Geography,
    role: str,
    study: Study,
    **shared: Any,
) -> list[Estimate]:
    """Regress a count of clusters on longitude and, within the East, on latitude;
    counts (N,).
    """
    rows = Rows(KINDS, role, **shared, outcome=name or "cluster_count")
    everyone = np.ones(len(counts), dtype=bool)
    # A unit without a count has no zero: the regression would make one up.
    blank = [geography.units[i] for i in np.flatnonzero(np.isnan(counts))]
    gap = NO_COUNT
    if name:
        gap = (
            f"{counted(len(blank), 'unit has', 'units have')} no {name}"
            f" ({first_examples(blank)}), which is not a count of zero"
        )
    # East over all units; South only within the East, where clusters are.
    for term, x, chosen in (
        ("east_degrees", geography.lon, everyone),
        ("south_degrees_within_east", -geography.lat, geography.inside),
    ):
        labels = {"n_obs": int(chosen.sum()), "n_units": int(chosen.sum())}
        if blank:
            rows.undefined([term], gap, **labels)
        else:
            _add_poisson(rows, term, counts[chosen], x[chosen], labels, study)
    if blank:
        return rows.estimates
    beside = Rows(
        KINDS, "robustness", geography.note, **rows.shared, w_id=geography.w_id
    )
    _add_moran(beside, counts, geography, study)
    return rows.estimates + beside.estimates


def _add_poisson(
    rows: Rows,
    term: str,
    counts: np.ndarray,
    x: np.ndarray,
    labels: dict[str, int],
    study: Study,
) -> None:
    """Fit E[c] = exp(a + b x) by Poisson quasi-likelihood; p by permutation of the
    counts; counts, x (N,).
    """
    import statsmodels.api as sm

    inference = study.config.inference
    level = inference.level
    rng, seed = _stream(rows, term, study)
    try:
        constant = is_constant(counts) or is_constant(x)
        if len(counts) < FEWEST or constant or (counts < 0).any():
            raise NumericsError(
                f"{len(counts)} counts that do not vary, or a negative one"
            )
        # Degrees in standard deviations while the likelihood is climbed, and back.
        scale = float(np.std(x))
        X = sm.add_constant((x - x.mean()) / scale)
        # statsmodels warns where it separates; the check below says so in words.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = sm.GLM(counts, X, family=sm.families.Poisson())
            # Only the mean must be right: the sandwich gives the variance.
            fit = model.fit(cov_type="HC1", use_t=True)
        if not fit.converged or not np.isfinite(fit.bse).all():
            raise NumericsError("the Poisson regression has no finite solution")
        # The slope rises strictly with sum c x: the p of the sum is its own, no refits.
        p_value = permuted_sum_p(counts, x, rng, inference.permutations)
    except NumericsError as error:
        rows.undefined([term], error, **labels)
        return
    low, high = np.asarray(fit.conf_int(1 - level))[1] / scale
    rows.add(
        term,
        **labels,
        estimate=float(fit.params[1] / scale),
        std_error=float(fit.bse[1] / scale),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=level,
        p_value=p_value,
        statistic=float(fit.tvalues[1]),
        df=float(fit.df_resid),
        se_type="HC1 sandwich, quasi-likelihood",
        p_type="permutation of the counts among the units used, two-sided",
        seed=seed,
    )
