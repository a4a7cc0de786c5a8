"""The shares of docs/how-we-know.md are those that the draws give."""

import pytest

from golden.evidence import computed_rate, recorded_rates
from recovery.rates import RATES

pytestmark = pytest.mark.gate
RECORDED = {(row["what"], row["design"]): row for row in recorded_rates()}


def test_every_line_is_recorded_once():
    assert list(RECORDED) == [(rate.what, rate.design) for rate in RATES]


@pytest.mark.parametrize(
    "rate",
    [
        pytest.param(rate, marks=[pytest.mark.long] if rate.long else [])
        for rate in RATES
    ],
    ids=lambda rate: f"{rate.what}, {rate.design}",
)
def test_shares_are_those_of_the_page(rate):
    recorded = RECORDED[rate.what, rate.design]
    drawn = computed_rate(rate)
    for end in ("low", "high"):
        # Another processor may decide a draw or two at the edge otherwise.
        edge = 2.5 / rate.draws
        assert float(drawn.pop(end)) == pytest.approx(float(recorded[end]), abs=edge)
    assert drawn == {name: recorded[name] for name in drawn}
