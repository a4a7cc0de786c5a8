"""Rows of inequality: totals, growth accounting, parts by one grouping and by two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from evenfield.models.inequality import (
    ATKINSON,
    GINI,
    SPLITS,
    THEIL,
    Incomes,
    group_growth,
)
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality_draws import leave_one_out_theil, revised_theil
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import Trajectories
from evenfield.study.study_config import InferenceSettings

ENDS = {"start": 0, "end": -1}
CHANGE = "end - start"
BAND = "units redrawn: sensitivity, not sampling error"
BAND_DRAWS = 1999
NO_INEQUALITY = "no inequality"
# What the part between groups is held against.
LABELS, MAXIMUM, CONNECTED = "random labels", "maximum", "connected groups"
KINDS = {
    "index": Kind("inequality", "theil_t", "stat", "index"),
    "revised": Kind("inequality_revised", "theil_t", "stat", "index"),
    "share": Kind("theil_decomposition", "between_theil_t", "share", "share"),
    "dagum": Kind("dagum", "within", "share", "share"),
    "nested": Kind("nested_theil", "outer", "share", "share"),
    "shapley": Kind("shapley_theil", "outer", "share", "share"),
    "growth": Kind("growth_accounting", "growth", "share", "share"),
}


@dataclass(frozen=True)
class Decomposition:
    """Incomes of one specification in one period, how units are grouped, and the rows
    made from them.
    """

    spec: Any
    period: str
    data: Trajectories  # log incomes in all years of the period
    income: Array  # (N, T) income per head
    weights: Array  # (N, T) population, or ones
    output: Array | None  # (N, T) output at constant prices
    # codes and names; taxonomies as ``seed2011: cell``
    groups: dict[str, tuple[Array, list[str]]]
    marks: np.ndarray | None  # (G,) of bool: which parents are compared with the others
    linked: csr_array | None  # (N, N) weights, positive between neighbours
    inference: InferenceSettings
    labels: Fields
    note: str
    estimates: list[Estimate] = field(default_factory=list)

    def add_rows(self) -> None:
        """Make every row of the period."""
        # Where an index cannot be computed, the rows of both say why.
        measures = [{"term": measure} for measure in THEIL]
        self._add(self._totals, "index", measures, contrast=CHANGE)
        for name, (codes, names) in self.groups.items():
            if len(names) < 2:
                rows = self._rows(treatment_def=name)
                rows.undefined(["share"], "the grouping has one group")
            else:
                for end in ENDS:
                    shares = partial(self._shares, name, codes, end)
                    self._add(shares, "share", treatment_def=name, contrast=end)
            growth = partial(self._growth, codes, names)
            described = [{"role": "description"}]
            shared = {"treatment_def": name, "outcome": "output_real"}
            self._add(growth, "growth", described, **shared)
        for pair in self.spec.nested:
            outer, inner = map(self._grouping, pair)
            for end in ENDS:
                for measure in THEIL:
                    self._add(
                        partial(self._nested, outer, inner, end, measure),
                        "nested",
                        treatment_def=f"{outer} > {inner}",
                        contrast=end,
                        controls_id=measure,
                        asked=asking(groups=[outer, inner]),
                    )

    def _rows(self, **shared: object) -> Rows:
        rows = Rows(KINDS, "exploratory", self.note, **{**self.labels, **shared})
        rows.estimates = self.estimates
        return rows

    def _add(
        self,
        make: Callable[[Rows], None],
        kind: str,
        absent: Sequence[Fields] = ({},),
        **shared: object,
    ) -> None:
        """Add rows, all of them or, where one cannot be computed, the absent ones with
        the reason.
        """
        before = len(self.estimates)
        rows = self._rows(**shared)
        try:
            make(rows)
        except NumericsError as error:
            # Half a set of rows would read as a complete one.
            del self.estimates[before:]
            for numbers in absent:
                rows.undefined([kind], error, **numbers)

    def _grouping(self, name: str) -> str:
        """Return the grouping of a name; cells are those of the first taxonomy."""
        if name in self.groups:
            return name
        return f"{self.spec.taxonomies[0]}: {name}"

    def at(self, end: str) -> Incomes:
        """Return incomes and people at an end of the period."""
        at = ENDS[end]
        return Incomes(income=self.income[:, at], people=self.weights[:, at])

    def _stream(self, what: str) -> tuple[np.random.Generator, str]:
        return stream(self.inference, "inequality", self.spec, self.period, what)

    def _interval(self, draws: Array) -> dict[str, float]:
        level = self.inference.level
        low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
        return {
            "conf_low": float(low),
            "conf_high": float(high),
            "conf_level": level,
        }

    @property
    def _band_draws(self) -> int:
        return min(int(self.inference.permutations), BAND_DRAWS)

    def _totals(self, rows: Rows) -> None:
        for measure in THEIL:
            self._theil(rows, measure)
            self._revised(rows, measure)
        for end in ENDS:
            rows.add(
                "index",
                term=GINI,
                contrast=end,
                asked=asking(measure=GINI),
                estimate=self.at(end).index(GINI),
            )
            for aversion in self.spec.aversion:
                value = self.at(end).index(ATKINSON, aversion)
                labels = {
                    "term": f"atkinson_{aversion:g}",
                    "contrast": end,
                    "asked": asking(measure=ATKINSON, aversion=aversion),
                }
                rows.add("index", **labels, estimate=value)

    def _theil(self, rows: Rows, measure: str) -> None:
        """Add an index at both ends and its change, with the band that redrawing units
        gives and the unit that moves it most.

        Notes
        -----
        T = sum_i p_i r_i ln r_i and L = -sum_i p_i ln r_i, with shares p of people and
        incomes r relative to the mean (Theil 1967).
        """
        results = []
        for end in ENDS:
            # The stream is started anew at each end, so that both see the same redrawn
            # units.
            rng, seed = self._stream(f"band:{measure}")
            incomes = self.at(end)
            drawn = incomes.redrawn(measure, rng, self._band_draws)
            alone = leave_one_out_theil(incomes.income, incomes.people, measure)
            results.append((incomes.index(measure), drawn, alone))
        # Value, draws and leave-one-out values: differences on the same redrawn units
        # give the band of the change.
        change = tuple(end - start for start, end in zip(*results, strict=True))
        contrasts = (*ENDS, CHANGE)
        for contrast, numbers in zip(contrasts, (*results, change), strict=True):
            value, drawn, alone = numbers
            # The unit without which the index moves most.
            most = int(np.argmax(np.abs(alone - value)))
            unit = self.data.units[most]
            deciding: Fields = {}
            # Hypothesis and effect of interest are of the change of Theil T alone.
            if contrast == CHANGE and measure == THEIL[0]:
                deciding = {
                    "role": self.spec.role,
                    "hypothesis": self.spec.hypothesis,
                    "sesoi": NAN if self.spec.sesoi is None else self.spec.sesoi,
                }
            rows.add(
                "index",
                f"without {unit} {alone[most]:.4g}",
                term=measure,
                contrast=contrast,
                asked=asking(measure=measure),
                estimate=value,
                **self._interval(drawn),
                se_type=BAND,
                max_leverage_unit=unit,
                seed=seed,
                **deciding,
            )

    def _revised(self, rows: Rows, measure: str) -> None:
        """Add what revisions of output and population of a known size would do."""
        revision = self.spec.revision_sd
        if not any(revision.values()):
            return
        for end in ENDS:
            rng, seed = self._stream(f"revision:{measure}:{end}")
            incomes = self.at(end)
            drawn = revised_theil(
                incomes.income,
                incomes.people,
                sd_income=revision.get("output", 0.0),
                sd_weights=revision.get("population", 0.0),
                rng=rng,
                draws=self._band_draws,
                measure=measure,
            )
            rows.add(
                "revised",
                term=measure,
                contrast=end,
                estimate=float(np.median(drawn)),
                **self._interval(drawn),
                se_type="output and population redrawn",
                seed=seed,
            )

    def _growth(self, codes: Array, names: list[str], rows: Rows) -> None:
        if self.output is None:
            raise NumericsError("the panel has no output")
        growth = group_growth(self.output[:, 0], self.output[:, -1], codes)
        shares = {
            "share of growth": growth.share,
            "share of output at start": growth.before,
        }
        for contrast, numbers in shares.items():
            for group, term in enumerate(names):
                rows.add(
                    "growth",
                    term=term,
                    contrast=contrast,
                    role="description",
                    estimate=float(numbers[group]),
                    n_units=int(growth.units[group]),
                )

    def _shares(self, name: str, codes: Array, end: str, rows: Rows) -> None:
        """Add the part of inequality that lies between groups, against random labels
        and against the largest part that groups of these sizes could reach (Elbers,
        Lanjouw, Mistiaen and Ozler 2008).
        """
        incomes = self.at(end)
        draws = self.inference.permutations
        for measure in THEIL:
            between = incomes.between(measure, codes)
            total = incomes.index(measure)
            none = "" if total > 0 else NO_INEQUALITY
            rng, seed = self._stream(f"between:{name}:{end}:{measure}")
            # Few groups cap the share: it is read against what random labels give.
            free = incomes.label_test(measure, codes, rng, draws)
            expected = "" if none else f"{free.expected / total:.3g}"
            rows.add(
                "share",
                none or f"random labels {expected}",
                term=f"between_{measure}",
                asked=asking(measure=measure, against=LABELS, expected=expected),
                estimate=_share(free.between, total),
                statistic=free.between,
                p_value=free.p_value,
                p_type=f"labels move over units, {free.draws} draws",
                seed=seed,
            )
            # Groups of unequal size cannot hold all inequality between them.
            known = np.isfinite(between.maximum)
            rows.add(
                "share",
                none,
                "" if known else "not defined: more than eight groups",
                term=f"between_over_maximum_{measure}",
                asked=asking(measure=measure, against=MAXIMUM),
                estimate=between.share_of_maximum,
            )
            # Group 1 against the rest: with more groups there is no one connected set.
            if self.linked is not None and codes.max() == 1:
                self._connected(rows, codes, self.linked, end, measure, total)
        # Dagum (1997): what is between the means of groups, net of the part by which
        # they overlap.
        dagum = incomes.gini_parts(codes)
        for term in ("within", "net_between", "transvariation"):
            rows.add(
                "dagum",
                "" if dagum.gini > 0 else NO_INEQUALITY,
                term=term,
                role="description",
                estimate=_share(getattr(dagum, term), dagum.gini),
            )

    def _connected(
        self,
        rows: Rows,
        codes: Array,
        linked: csr_array,
        end: str,
        measure: str,
        total: float,
    ) -> None:
        """Add the test against groups that hang together on the map, as real ones do."""
        term = f"between_connected_{measure}"
        try:
            test = self.at(end).connected_test(measure, codes == 1, linked)
            if not total > 0:
                return rows.add("share", NO_INEQUALITY, term=term, estimate=NAN)
        except NumericsError as error:
            return rows.undefined(["share"], error, term=term)
        groups = f"{test.draws} connected groups of {int(codes.sum())} units"
        return rows.add(
            "share",
            term=term,
            asked=asking(measure=measure, against=CONNECTED),
            estimate=test.between / total,
            p_value=test.p_value,
            p_type=f"exact over all {groups}",
        )

    def _nested(
        self, outer: str, inner: str, end: str, measure: str, rows: Rows
    ) -> None:
        """Divide inequality by two groupings, one inside the other and by the mean over
        both orders (Shapley value: Shorrocks 2013).
        """
        codes = self.groups[outer][0], self.groups[inner][0]
        incomes = self.at(end)
        total = incomes.index(measure)
        none = "" if total > 0 else NO_INEQUALITY
        # The order matters when regions and cells overlap; the Shapley value takes the
        # mean over both.
        divided = {split: incomes.two_parts(measure, *codes, split) for split in SPLITS}
        for kind, parts in divided.items():
            for term, value in zip(("outer", "inner", "within"), parts, strict=True):
                labels = {"term": term, "asked": asking(split=kind)}
                rows.add(kind, none, **labels, estimate=_share(value, total))


def _share(value: float, total: float) -> float:
    return value / total if total > 0 else NAN
