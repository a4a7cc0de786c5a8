"""The clubs family on frames."""

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span, spans_of
from evenfield.study.errors import EstimateError
from evenfield.topics.clubs.estimate import estimate_clubs
from evenfield.topics.clubs.estimate_series import CLUBS_SERIES
from evenfield.topics.clubs.estimate_spec import ClubsSpec, parse_clubs_specs
from tolerances import MACHINE

SPEC = ClubsSpec("own", "P", "all", "s", "primary", taxonomies=("t",))
INFERENCE = InferenceSpec(permutations=199)
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def make_study(n=12, years=range(1990, 2020), step=1):
    rng = np.random.default_rng(4)
    units = [f"U{i:02d}" for i in range(n)]
    time = np.arange(len(years))
    high = np.arange(n) < n // 2
    gap = rng.normal(0, 0.3, n)[:, None] * np.exp(-0.12 * time)
    y = 8 + np.where(high, 0.9, 0.0)[:, None] + 0.04 * time + gap + rng.normal(0, 2e-3, (n, len(time)))
    panel = pd.DataFrame([
        {"unit": unit, "year": year, "basis": "official", "log_income": y[i, t]}
        for i, unit in enumerate(units) for t, year in enumerate(years)
    ])  # fmt: skip
    cells = pd.DataFrame({"taxonomy": "t", "unit": units, "period": "P", "cell": np.where(high, "both", "neither")})
    scheme = SchemeInfo("s", {"all": tuple(units), "few": tuple(units[:1])}, step, 1980)
    return panel, cells, scheme, Span("P", years[0], years[-1])


def run(panel, cells, scheme, span, *specs):
    return estimate_clubs({"s": panel}, {"s": cells}, {"s": scheme}, {"s": {"P": span}}, specs or (SPEC,), INFERENCE)


def rows(results, **labels):
    return [e for e in results.estimates if all(getattr(e, key) == value for key, value in labels.items())]


def test_levels_are_primary_and_logs_stand_beside_in_three_currencies():
    results = run(*make_study())
    primary = rows(results, role="primary")
    assert [(e.outcome, e.estimator, e.contrast) for e in primary] == [
        ("relative_income", "logt_fqsb", "first 10 periods discarded")
    ]
    assert {e.contrast for e in rows(results, outcome="relative_income", term="b")} == {
        f"first {m} periods discarded" for m in (9, 10, 11)
    }
    logs = {e.outcome for e in results.estimates if e.outcome.startswith("log_income")}
    assert logs == {"log_income", "log_income_x100", "log_income_/10000"}
    far = rows(results, outcome="log_income_/10000")[0]
    assert np.isnan(far.estimate)
    assert "not defined" in far.warning
    assert "currency" in far.warning


def test_planted_clubs_and_their_link_to_the_cells():
    results = run(*make_study())
    assert results.fit["own"]["merged"] == [[f"U{i:02d}" for i in range(6)], [f"U{i:02d}" for i in range(6, 12)]]
    cross = {e.contrast: e for e in rows(results, estimator="fisher_freeman_halton")}
    assert cross["exact"].p_value == pytest.approx(2 / 924, rel=MACHINE)
    assert cross["permutation"].p_value < 0.05
    assert cross["exact"].estimate == pytest.approx(1.0)
    assert "no policy effect" in cross["exact"].warning


def test_series_has_every_kind():
    series = run(*make_study()).series
    assert list(series.columns) == list(CLUBS_SERIES)
    counts = series.groupby("kind").size().to_dict()
    assert counts == {"transition": 360, "club_mean": 60, "dispersion": 30, "membership": 12, "shared": 144,
                      "currency": 49, "cell": 4}  # fmt: skip
    mean = series[series["kind"] == "transition"].groupby("year")["value"].mean()
    np.testing.assert_allclose(mean, 1, rtol=MACHINE)


def test_shuffled_rows_change_nothing():
    panel, cells, scheme, span = make_study()
    one = run(panel, cells, scheme, span)
    two = run(panel.sample(frac=1, random_state=1), cells.sample(frac=1, random_state=2), scheme, span)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    panel, cells, scheme, span = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(scheme.samples["all"])}
    other = SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 1980)
    renamed = [frame.assign(unit=frame["unit"].map(names)) for frame in (panel, cells)]
    one, two = run(panel, cells, scheme, span), run(*renamed, other, span)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates)[NUMBERS], estimates_frame(two.estimates)[NUMBERS])
    assert [{names[u] for u in club} for club in one.fit["own"]["merged"]] == [set(c) for c in two.fit["own"]["merged"]]


def test_another_currency_changes_no_number_of_the_levels():
    panel, cells, scheme, span = make_study()
    hundred = panel.assign(log_income=panel["log_income"] + np.log(100))
    one, two = run(panel, cells, scheme, span), run(hundred, cells, scheme, span)
    for a, b in zip(one.estimates, two.estimates, strict=True):
        if a.outcome == "relative_income":
            assert a.estimate == pytest.approx(b.estimate, rel=1e-8)
            assert a.statistic == pytest.approx(b.statistic, rel=1e-8, nan_ok=True)
    cents = rows(one, outcome="log_income_x100")[0]
    assert cents.statistic == pytest.approx(rows(two, outcome="log_income")[0].statistic, rel=1e-8)


def test_missing_income_is_one_line():
    panel, cells, scheme, span = make_study()
    panel.loc[5, "log_income"] = np.nan
    with pytest.raises(EstimateError, match="log_income is missing for 1 unit-years") as error:
        run(panel, cells, scheme, span)
    assert "\n" not in str(error.value)
    with pytest.raises(EstimateError, match="appear twice"):
        run(pd.concat([panel, panel.head(1)]), cells, scheme, span)
    with pytest.raises(EstimateError, match="have no cell of t"):
        run(make_study()[0], cells.head(3), scheme, span)


@pytest.mark.parametrize("years", [range(1990, 1996), range(1990, 1992)])
def test_short_windows_are_not_defined(years):
    results = run(*make_study(years=years))
    # Six periods less one leave the five that a regression needs: only that sensitivity row has a number.
    numbers = [e.contrast for e in results.estimates if np.isfinite(e.estimate)]
    assert numbers == (["first 1 periods discarded"] if len(years) == 6 else [])
    assert all("not defined" in e.warning for e in results.estimates if np.isnan(e.estimate))
    assert results.fit["own"]["not_defined"]


def test_one_unit_and_equal_units_are_not_defined():
    panel, cells, scheme, span = make_study()
    few = run(panel, cells, scheme, span, ClubsSpec("few", "P", "few", "s"))
    assert all(np.isnan(e.estimate) for e in few.estimates)
    equal = panel.assign(log_income=panel.groupby("year")["log_income"].transform("mean"))
    results = run(equal, cells, scheme, span)
    assert all(np.isnan(e.estimate) for e in rows(results, term="b"))


def test_one_cell_switches_the_cross_tabulation_off_with_a_sentence():
    panel, cells, scheme, span = make_study()
    results = run(panel, cells.assign(cell="neither"), scheme, span)
    row = rows(results, estimator="fisher_freeman_halton")[0]
    assert np.isnan(row.estimate)
    assert "one group" in row.warning


def test_decennial_incomes_work():
    results = run(*make_study(years=range(1900, 2001, 10), step=10))
    assert np.isfinite(rows(results, role="primary")[0].estimate)


def test_the_panel_may_be_logs_of_any_filter():
    study = make_study()
    for name in ("boosted_hp", "hamilton", "none"):
        spec = ClubsSpec("f", "P", "all", "s", filter=name, divergent="adopt", merge="von_lyncker_thoennessen")
        assert len(run(*study, spec).fit["f"]["merged"]) >= 1


def test_config():
    scheme = make_study()[2]
    specs = parse_clubs_specs([{"id": "a", "period": "P", "taxonomies": ["t"]}], {"s": scheme}, "s")
    assert specs[0] == ClubsSpec("a", "P", "all", "s", taxonomies=("t",))
    for bad in ({"filter": "spline"}, {"discard": 1.5}, {"role": "main"}, {"sample": "x"}, {"unknown": 1}):
        with pytest.raises(EstimateError, match=r"estimates\.clubs"):
            parse_clubs_specs([{"id": "a", "period": "P", **bad}], {"s": scheme}, "s")
    with pytest.raises(EstimateError, match="names 1 that is unknown"):
        run(*make_study(), ClubsSpec("a", "Q", "all", "s"))
    assert spans_of({"periods": [{"period": "P", "start": 1, "end": 2}]}) == {"P": Span("P", 1, 2)}
