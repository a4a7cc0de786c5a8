"""How often intervals hold what was planted and tests reject where nothing was: the
numbers that the tests of this folder bound, for the page how-we-know.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from recovery import (
    test_beta_recovery,
    test_dynamic,
    test_event_study,
    test_inference_size,
    test_markov,
    test_nearby,
    test_spatial_panel,
)

HOLDS = "intervals of 95 % hold the truth"
REJECTS = "tests at 5 % reject a true null"


@dataclass(frozen=True)
class Rate:
    """One share of draws; of several parameters the lowest and the highest."""

    what: str
    design: str
    draws: int
    says: str  # HOLDS or REJECTS
    compute: Callable[[], object]
    long: bool = False  # more than some five seconds


def _spatial(model, truth, net, t, draws):
    kind = test_spatial_panel.PanelModel(model)
    return test_spatial_panel.coverage(net, truth, t, kind, draws)[1]["observed"]


def _serial(model, truth, kind):
    return test_spatial_panel.serial_coverage(model, truth, 0.7, 300)[0][kind]


def _event(row):
    function = test_event_study.own_effects
    held, _ = test_event_study.shares(function, 100, spillovers=False, by_province=True)
    return held[row]


def _leads():
    drawn = (np.random.default_rng([7, draw]) for draw in range(200))
    p = [test_event_study.leads_of_few(rng, 10, 100)[0] for rng in drawn]
    return np.mean(np.array(p) < 0.05)


def _permuted_chain():
    p = [test_markov.one(seed).lr_p for seed in range(test_markov.CHAINS)]
    return np.mean(np.array(p) <= 0.05)


SIZES = {
    ("cluster", "iid"): "independent errors",
    ("cluster", "sar"): "errors correlated with neighbours (SAR, .6)",
    ("pair", "iid"): "independent errors",
}
METHODS = {
    "cr1": "CR1",
    "cr2": "CR2",
    "cr3": "CR3",
    "wcr11": "wild bootstrap",
    "wcr33": "wild bootstrap of CR3 (WCR-33)",
    "free": "randomisation",
}


def _size(case, name):
    return test_inference_size.rejections(*case)[name]


def _sizes():
    for case, errors in SIZES.items():
        group = len(test_inference_size.GROUPS[case[0]])
        for name, what in METHODS.items():
            yield Rate(
                f"{what}: a group against others",
                f"{group} of 31 provinces, {errors}",
                test_inference_size.SAMPLES,
                REJECTS,
                partial(_size, case, name),
            )


_SMALL = test_spatial_panel.SMALL
_DURBIN = test_spatial_panel.DURBIN
_ERROR = test_spatial_panel.ERROR
_PARENTS = f"{test_nearby.PARENTS} parents of {test_nearby.UNITS} units"

RATES = (
    Rate(
        "beta convergence, HC3: speed",
        "31 units, 20 years, speed 2 %",
        test_beta_recovery.DRAWS,
        HOLDS,
        test_beta_recovery.covered,
    ),
    Rate(
        "beta convergence, HC3: slope",
        "31 units, 20 years, no convergence",
        test_beta_recovery.DRAWS,
        REJECTS,
        test_beta_recovery.rejected,
    ),
    *_sizes(),
    Rate(
        "dynamic fixed effects: root",
        "31 units, 20 transitions, speed 2 %",
        400,
        HOLDS,
        partial(test_dynamic.grid_covers, 2, lambda *_: test_dynamic.SHOCK),
        long=True,
    ),
    Rate(
        "dynamic spatial panel: rho, tau, eta",
        "31 units, 20 dates",
        test_dynamic.REPLICATIONS,
        HOLDS,
        test_dynamic.dynamic_coverage,
        long=True,
    ),
    Rate(
        "SDM: direct, indirect and total effects",
        "31 units, 40 dates",
        500,
        HOLDS,
        partial(_spatial, "SDM", _DURBIN, _SMALL, 40, 500),
    ),
    Rate(
        "SDEM: direct, indirect and total effects",
        "31 units, 40 dates",
        500,
        HOLDS,
        partial(_spatial, "SDEM", _ERROR, _SMALL, 40, 500),
    ),
    Rate(
        "SDM: effects, plain errors",
        "31 units, 20 dates, errors correlated over years (.7)",
        300,
        HOLDS,
        partial(_serial, "SDM", _DURBIN, "observed"),
    ),
    Rate(
        "SDM: effects, errors by unit",
        "31 units, 20 dates, errors correlated over years (.7)",
        300,
        HOLDS,
        partial(_serial, "SDM", _DURBIN, "unit"),
    ),
    Rate(
        "event study by imputation: six horizons and their mean, by unit",
        "240 units in 12 provinces, effects of province and year",
        100,
        HOLDS,
        partial(_event, 0),
    ),
    Rate(
        "event study: joint test of four leads",
        "100 units, 10 with a policy, 16 dates",
        200,
        REJECTS,
        _leads,
    ),
    Rate(
        "growth nearby within parents, CR3",
        _PARENTS,
        test_nearby.SAMPLES,
        HOLDS,
        lambda: test_nearby.coverage(test_nearby.within()["CR3"]),
        long=True,
    ),
    Rate(
        "growth nearby, lists reassigned at random",
        _PARENTS,
        test_nearby.SAMPLES,
        REJECTS,
        partial(test_nearby.rejections, planted=False),
        long=True,
    ),
    Rate(
        "Markov chain and neighbours, permutation",
        "25 units on a grid, 30 dates",
        test_markov.CHAINS,
        REJECTS,
        _permuted_chain,
        long=True,
    ),
)
