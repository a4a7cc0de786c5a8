"""How often 95 % intervals of effects hold the truth, 2,000 draws: the long version of
tests/recovery.

``PYTHONPATH=tests python benchmarks/effect_coverage.py`` prints coverage by model, size
and covariance; with errors that hang together over years also by regressor, the study's
own zones among them after a run.
"""

from pathlib import Path

import pandas as pd

from evenfield.numerics.spatial_panel.models import PanelModel
from recovery.test_spatial_panel import (
    DURBIN,
    ERROR,
    LARGE,
    NEAREST,
    SMALL,
    Truth,
    coverage,
    serial_coverage,
)

DOSES = Path(__file__).parents[1] / "results" / "panel" / "31" / "doses.csv"
KINDS = ("observed", "expected", "qml")


def independent(draws: int = 2000) -> None:
    models = (
        ("SDM", DURBIN),
        ("SDEM", ERROR),
        ("SAR", Truth(rho=0.4, beta=(1.0, -0.5), theta=(0.0, 0.0))),
    )
    for name, net, t in (("31 x 40", SMALL, 40), ("300 x 20", LARGE, 20)):
        for model, truth in models:
            means, result = coverage(net, truth, t, PanelModel(model), draws, KINDS)
            print(name, model, means.round(4).tolist())
            for kind, shares in result.items():
                print("   ", kind, shares.round(4).tolist())


def over_years(draws: int = 2000, wild: int = 0) -> None:
    cases = [("AR(.9) regressors", DURBIN, ERROR, None)]
    if DOSES.exists():
        doses = pd.read_csv(DOSES, dtype={"unit": str}).query(
            "zone_type == 'state' and year >= 2000"
        )
        tens = (
            doses.pivot(index="unit", columns="year", values="zones")
            .loc[list(NEAREST.units)]
            .to_numpy(float)
            / 10
        )
        cases.append(
            (
                "state zones",
                Truth(rho=0.4, theta=(0.3,)),
                Truth(lam=0.4, theta=(0.3,)),
                tens[..., None],
            )
        )
    for name, durbin, error, X in cases:
        for memory in (0.0, 0.7, 0.9):
            for model, truth in (("SDM", durbin), ("SDEM", error)):
                shares, effective = serial_coverage(
                    model, truth, memory, draws, X, wild
                )
                print(
                    f"{name}, {model}, memory {memory}, G*"
                    f" {effective.round(1).tolist()}"
                )
                for kind, result in shares.items():
                    print("   ", kind, result.round(3).tolist())


if __name__ == "__main__":
    independent()
    over_years()
