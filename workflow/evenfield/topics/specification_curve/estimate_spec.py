"""What a specification curve consists of: axes from the config, and the list of specifications they span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

KINDS = ("own", "exposure", "regime")
MINUS = " - "


@dataclass(frozen=True, slots=True)
class Curve:
    """One question and the axes of its curve."""

    id: str  # kind is ``own`` (regress on the own labels), ``exposure`` (own labels and neighbours' average labels
    hypothesis: str
    kind: str
    contrast: str
    sign: float  # predicted sign
    decides: str  # outcome of the deciding rows that the curve stands beside
    outcomes: tuple[str, ...]  # axes
    periods: tuple[str, ...]
    unit_schemes: tuple[str, ...]
    samples: tuple[str, ...]
    weights: tuple[str, ...]
    taxonomies: tuple[str, ...]
    controls: tuple[tuple[str, ...], ...]  # sets of controls

    @property
    def c(self) -> tuple[float, float]:
        """Weights on the cluster and the zone column."""
        plus, _, minus = self.contrast.partition(MINUS)
        return tuple(float(name == plus) - float(name == minus) for name in ("cluster", "sez"))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, order=True)
class Specification:
    """One point of a curve."""

    curve: str  # where it stands on each axis; weights are empty where the kind needs none
    period: str
    outcome: str
    unit_scheme: str
    sample: str
    weights: str
    taxonomy: str
    controls: tuple[str, ...]  # controls beside those the kind always has


def parse_curves(section: Mapping[str, Any], study: Mapping[str, Any]) -> list[Curve]:
    """Read the curves from the config."""
    return [_curve(item, study) for item in section["curves"]]


def _curve(item: Mapping[str, Any], study: Mapping[str, Any]) -> Curve:
    def axis(key: str, default: list[str]) -> tuple[str, ...]:
        return tuple(item.get(key) or default)

    outcomes = axis("outcomes", ["growth_pct_per_year"])
    return Curve(
        item["id"], item["hypothesis"], item["kind"], item["contrast"], 1.0 if item["predicted"] == "+" else -1.0,
        item.get("decides", outcomes[0]), outcomes, axis("periods", study["periods"]),
        axis("unit_schemes", [study["unit_scheme"]]), axis("samples", ["all"]), axis("weights", study["weights"]),
        axis("taxonomies", study["taxonomies"]), tuple(tuple(names) for names in item.get("controls") or [[]]),
    )  # fmt: skip


def specifications(curve: Curve) -> list[Specification]:
    """List every specification of a curve, sorted."""
    weights = ("",) if curve.kind == "own" else curve.weights
    axes = (curve.periods, curve.outcomes, curve.unit_schemes, curve.samples, weights, curve.taxonomies, curve.controls)
    return sorted(Specification(curve.id, *point) for point in product(*axes))
