"""Rows of inequality: totals, growth accounting, parts by one grouping and by two."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import (
    THEIL_L,
    THEIL_T,
    atkinson,
    between_test,
    connected_test,
    decompose_gini,
    decompose_theil,
    gini,
    growth_contributions,
    leave_one_out_theil,
    maximum_between,
    nested_theil,
    redrawn_theil,
    revised_theil,
    shapley_theil,
    theil,
)
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.trajectories import Trajectories

MEASURES = (THEIL_T, THEIL_L)
ENDS = ("start", "end")
BAND = "units redrawn: sensitivity, not sampling error"
BAND_DRAWS = 1999
NO_INEQUALITY = "no inequality"
KINDS = {
    "index": Kind("inequality", "theil_t", "stat", "index"),
    "revised": Kind("inequality_revised", "theil_t", "stat", "index"),
    "share": Kind("theil_decomposition", "between_theil_t", "share", "share"),
    "dagum": Kind("dagum", "within", "share", "share"),
    "nested": Kind("nested_theil", "outer", "share", "share"),
    "shapley": Kind("shapley_theil", "outer", "share", "share"),
    "growth": Kind("growth_accounting", "growth", "share", "share"),
}
# One row: its kind, its warnings, its numbers.
Parts = Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Decomposition:
    """Incomes of one specification in one period, how units are grouped, and the rows
    made from them.
    """

    spec: Any
    period: str
    data: Trajectories  # log incomes in all years of the period
    income: np.ndarray  # (N, T) income per head
    weights: np.ndarray  # (N, T) population, or ones
    output: np.ndarray | None  # (N, T) output at constant prices
    groups: dict[
        str, tuple[np.ndarray, list[str]]
    ]  # codes and names; taxonomies as ``seed2011: cell``
    linked: csr_array | None  # (N, N) weights, positive between neighbours
    inference: dict[str, Any]
    labels: dict[str, Any]
    note: str
    estimates: list[Estimate] = field(default_factory=list)

    def add_rows(self) -> None:
        """Make every row of the period."""
        ends = {"contrast": "end - start"}
        self._add(
            self._totals(),
            [("index", {**ends, "term": measure}) for measure in MEASURES],
        )
        for name, (codes, names) in self.groups.items():
            group = {"treatment_def": name}
            if len(names) < 2:
                self._add(
                    iter(()), [("share", {})], "the grouping has one group", **group
                )
            else:
                for end in ENDS:
                    self._add(
                        self._shares(name, codes, end),
                        [("share", {"contrast": end})],
                        **group,
                    )
            self._add(
                self._growth(codes, names),
                [("growth", {})],
                outcome="output_real",
                **group,
            )
        first = f"{self.spec.taxonomies[0]}: " if self.spec.taxonomies else ""
        for pair in self.spec.nested:
            outer, inner = (
                name if name in self.groups else first + name for name in pair
            )
            for end in ENDS:
                for measure in MEASURES:
                    shared = {
                        "treatment_def": f"{outer} > {inner}",
                        "contrast": end,
                        "controls_id": measure,
                    }
                    self._add(
                        self._nested(outer, inner, end, measure),
                        [("nested", {})],
                        **shared,
                    )

    def _add(
        self,
        parts: Parts,
        lost: list[tuple[str, dict[str, Any]]],
        reason: str = "",
        **shared: Any,
    ) -> None:
        """Add the rows found, or those that say why there are none."""
        rows = Rows(KINDS, "exploratory", self.note, **{**self.labels, **shared})
        try:
            for kind, warnings, numbers in list(parts):
                rows.add(kind, *warnings, **numbers)
        except NumericsError as error:
            reason = str(error)
        for kind, numbers in lost if reason else ():
            role = {"role": "description"} if kind == "growth" else {}
            rows.undefined([kind], reason, **role, **numbers)
        self.estimates.extend(rows.estimates)

    def _at(self, end: str) -> tuple[np.ndarray, np.ndarray]:
        column = 0 if end == "start" else -1
        return self.income[:, column], self.weights[:, column]

    def _stream(self, what: str) -> tuple[np.random.Generator, str]:
        labels = self.labels
        seed = self.inference["seed"]
        names = (
            labels[key] for key in ("spec_id", "unit_scheme", "sample_id", "period")
        )
        draw_id = ":".join(["inequality", *names, what])
        return generator_for(seed, draw_id), f"{seed}:{draw_id}"

    def _interval(self, draws: np.ndarray) -> dict[str, float]:
        level = self.inference["conf_level"]
        low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
        return {"conf_low": float(low), "conf_high": float(high), "conf_level": level}

    def _totals(self) -> Parts:
        for measure in MEASURES:
            yield from self._theil(measure)
            yield from self._revised(measure)
        for end in ENDS:
            values = {"gini": gini(*self._at(end))}
            values |= {
                f"atkinson_{e:g}": atkinson(*self._at(end), e)
                for e in self.spec.aversion
            }
            for term, value in values.items():
                yield "index", (), {"term": term, "contrast": end, "estimate": value}

    def _theil(self, measure: str) -> Parts:
        draws = min(self.inference["permutations"], BAND_DRAWS)
        what = f"band:{measure}"
        value: dict[str, Any] = {}
        drawn: dict[str, Any] = {}
        alone: dict[str, Any] = {}
        for end in ENDS:
            # The stream is started anew at each end, so that both see the same redrawn
            # units.
            rng, seed = self._stream(what)
            value[end] = theil(*self._at(end), measure)
            drawn[end] = redrawn_theil(
                *self._at(end), rng=rng, draws=draws, measure=measure
            )
            alone[end] = leave_one_out_theil(*self._at(end), measure)
        for by_end in (value, drawn, alone):
            by_end["end - start"] = by_end["end"] - by_end["start"]
        for contrast, number in value.items():
            most = int(np.argmax(np.abs(alone[contrast] - number)))
            unit = self.data.units[most]
            row = {
                "term": measure,
                "contrast": contrast,
                "estimate": number,
                "se_type": BAND,
                "max_leverage_unit": unit,
                "seed": seed,
                **self._interval(drawn[contrast]),
            }
            if contrast == "end - start" and measure == THEIL_T:
                sesoi = NAN if self.spec.sesoi is None else self.spec.sesoi
                row |= {
                    "role": self.spec.role,
                    "hypothesis": self.spec.hypothesis,
                    "sesoi": sesoi,
                }
            yield "index", (f"without {unit} {alone[contrast][most]:.4g}",), row

    def _revised(self, measure: str) -> Parts:
        revision = self.spec.revision_sd
        draws = min(self.inference["permutations"], BAND_DRAWS)
        if not any(revision.values()):
            return
        for end in ENDS:
            rng, seed = self._stream(f"revision:{measure}:{end}")
            revision_sd = {
                "sd_income": revision.get("output", 0.0),
                "sd_weights": revision.get("population", 0.0),
            }
            drawn = revised_theil(
                *self._at(end), **revision_sd, rng=rng, draws=draws, measure=measure
            )
            row = {
                "term": measure,
                "contrast": end,
                "estimate": float(np.median(drawn)),
                **self._interval(drawn),
            }
            yield (
                "revised",
                (),
                row | {"se_type": "output and population redrawn", "seed": seed},
            )

    def _growth(self, codes: np.ndarray, names: list[str]) -> Parts:
        if self.output is None:
            raise NumericsError("the panel has no output")
        start = self.output[:, 0]
        end = self.output[:, -1]
        share = growth_contributions(start, end, codes)[0]
        before = np.bincount(codes, start) / start.sum()
        for contrast, numbers in (
            ("share of growth", share),
            ("share of output at start", before),
        ):
            for group, term in enumerate(names):
                row = {
                    "term": term,
                    "contrast": contrast,
                    "estimate": float(numbers[group]),
                }
                yield (
                    "growth",
                    (),
                    row
                    | {"role": "description", "n_units": int((codes == group).sum())},
                )

    def _shares(self, name: str, codes: np.ndarray, end: str) -> Parts:
        income, weights = self._at(end)
        for measure in MEASURES:
            parts = decompose_theil(income, weights, codes, measure)
            total, none = parts.total, "" if parts.total > 0 else NO_INEQUALITY
            rng, seed = self._stream(f"between:{name}:{end}:{measure}")
            draws = self.inference["permutations"]
            free = between_test(
                income, weights, codes, rng=rng, draws=draws, measure=measure
            )
            row = {
                "term": f"between_{measure}",
                "contrast": end,
                "statistic": free.between,
                "seed": seed,
                "estimate": NAN if none else free.between / total,
                "p_value": free.p_value,
            }
            warning = none or f"random labels {free.expected / total:.3g}"
            yield (
                "share",
                (warning,),
                row | {"p_type": f"labels move over units, {free.draws} draws"},
            )
            most = maximum_between(income, weights, codes, measure)
            row = {"term": f"between_over_maximum_{measure}", "contrast": end}
            many = "" if np.isfinite(most) else "not defined: more than eight groups"
            yield (
                "share",
                (none, many),
                row | {"estimate": parts.between / most if most > 0 else NAN},
            )
            if self.linked is not None and codes.max() == 1:
                yield self._connected(codes, self.linked, end, measure, total)
        dagum = decompose_gini(income, weights, codes)
        for term in ("within", "net_between", "transvariation"):
            value = getattr(dagum, term)
            none = "" if dagum.gini > 0 else NO_INEQUALITY
            row = {
                "term": term,
                "contrast": end,
                "estimate": NAN if none else value / dagum.gini,
            }
            yield "dagum", (none,), row | {"role": "description"}

    def _connected(
        self, codes: np.ndarray, linked: csr_array, end: str, measure: str, total: float
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        row = {"term": f"between_connected_{measure}", "contrast": end}
        try:
            test = connected_test(*self._at(end), codes == 1, linked, measure)
        except NumericsError as error:
            return "share", (f"not defined: {error}",), row | {"estimate": NAN}
        if not total > 0:
            return "share", (NO_INEQUALITY,), row | {"estimate": NAN}
        warning = (
            f"exact over all {test.draws} connected groups of {int(codes.sum())} units"
        )
        return (
            "share",
            (),
            row
            | {
                "estimate": test.between / total,
                "p_value": test.p_value,
                "p_type": warning,
            },
        )

    def _nested(self, outer: str, inner: str, end: str, measure: str) -> Parts:
        a = self.groups[outer][0]
        b = self.groups[inner][0]
        total = theil(*self._at(end), measure)
        nested, fair = (
            divide(*self._at(end), a, b, measure)
            for divide in (nested_theil, shapley_theil)
        )
        for kind, parts in (("nested", nested), ("shapley", fair)):
            for term, value in zip(("outer", "inner", "within"), parts, strict=True):
                none = "" if total > 0 else NO_INEQUALITY
                yield (
                    kind,
                    (none,),
                    {"term": term, "estimate": NAN if none else value / total},
                )
