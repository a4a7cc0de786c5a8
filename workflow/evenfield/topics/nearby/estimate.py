"""Growth of units on lists and of units near them, and whether it differs by list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.models.nearby import NearbyDesign, NearbyModel
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import infer
from evenfield.shared.contrasts.contrasts import SUFFIXES
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.few_units import beside, carrier_fields, fields_of
from evenfield.shared.rows import Results
from evenfield.shared.samples import joined, underpowered
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.nearby.estimate_adjacent import adjacent_rows, check_adjacent
from evenfield.topics.nearby.estimate_case import FAMILY, Case, cases_of, term_of
from evenfield.topics.nearby.estimate_errors import (
    AGREEMENT,
    FACTORS,
    ErrorsOfLists,
)
from evenfield.topics.nearby.estimate_left_out import check_left_out, left_out_rows
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.estimate_whole import whole_rows

# The deciding method first. SCPC and kernels need coordinates; where there are none,
# their rows say so.
EVERY_METHOD = (
    "CR3",
    "wild33",
    "CR2",
    "HC3",
    "conley_400",
    "conley_800",
    "SCPC",
    "SCPC_06",
)
FEW_METHODS = ("CR3", "wild33", "conley_400")
MEANS = "spec_id near estimate conf_low conf_high units growth".split()
PLACES = "spec_id unit place".split()
SUMMARY = {
    "own": "g_i = a_p + d y_i0 + sum_k b_k L_ki + e_i, all units of the sample",
    "near": "g_i = a_p + d y_i0 + sum_k c_k N_ki + e_i, units on no list",
    "growth": "100 (end - start) / years",
    "deciding": "CR3 by cluster, t(G* - 1)",
    "permutation": (
        "rows of lists reassigned at random within parents; exposure and the units on no"
        " list found anew; HC3 t"
    ),
}


def check_data(study: Study, section: Section, spec: NearbySpec) -> None:
    """Refuse what the tables cannot carry, before anything is estimated."""
    cases = cases_of(study, section)
    case = cases.read(spec)
    if section.list_errors and section.list_errors.of == spec.id:
        ErrorsOfLists(case, section.list_errors).check()
    for left_out in section.left_out:
        if left_out.of == spec.id:
            check_left_out(case, left_out)
    for adjacent in section.adjacent:
        if adjacent.of == spec.id:
            check_adjacent(case, adjacent)
    if spec is section.specifications[0]:
        cases.every_entry()


def estimate(study: Study) -> Results:
    """Estimate the lead of units on lists, and that of units near them.

    Notes
    -----
    Exposure as in Halleck Vega and Elhorst (2015), among units without treatment of
    their own as in Butts (2021).
    """
    section = read(Section, study.config, FAMILY)
    out = Results()
    means: list[Fields] = []
    places: list[Fields] = []
    counts: dict[str, dict[str, int]] = {}
    cases = cases_of(study, section)
    for spec in told(section.every_spec, "specifications"):
        work = _Work(study, section, cases.read(spec))
        out.estimates += work.rows(near=True)
        if spec.id in section.own_rows:
            out.estimates += work.rows(near=False)
        out.estimates += work.count_rows()
        if spec.id in section.columns:
            out.estimates += work.whole_rows()
        counts[spec.id] = work.counts()
        means += work.means()
        if spec.role == "primary":
            places += work.places()
    agreement: list[Fields] = []
    factors: list[Fields] = []
    if section.list_errors:
        case = cases.read(section.spec(section.list_errors.of))
        errors = ErrorsOfLists(case, section.list_errors)
        out.estimates += errors.agreement_rows() + errors.search_rows()
        out.estimates += errors.rows_if_right(factors)
        agreement = errors.agreement()
    for left_out in section.left_out:
        out.estimates += left_out_rows(cases.read(section.spec(left_out.of)), left_out)
    for adjacent in section.adjacent:
        out.estimates += adjacent_rows(cases.read(section.spec(adjacent.of)), adjacent)
    out.series = {
        "agreement": pd.DataFrame(agreement, columns=AGREEMENT),
        "factors": pd.DataFrame(factors, columns=FACTORS),
        "means": pd.DataFrame(means, columns=MEANS),
        "places": pd.DataFrame(places, columns=PLACES),
        "members": cases.every_entry(),
    }
    out.fit = {**SUMMARY, "conf_level": study.config.inference.level, "counts": counts}
    return out


@dataclass
class _Work:
    """One specification: its numbers as rows."""

    study: Study
    section: Section
    case: Case

    @property
    def spec(self) -> NearbySpec:
        """The specification."""
        return self.case.spec

    @property
    def level(self) -> float:
        """Level of intervals."""
        return self.case.level

    def rows(self, *, near: bool) -> list[Estimate]:
        """Return each coefficient of a list, and the first less the second, by every
        method.
        """
        names = [term_of(name, near) for name in self.spec.named]
        asked = [(names[0], "", np.eye(len(names))[0])]
        if len(names) > 1:
            asked.append((names[1], "", np.eye(len(names))[1]))
            asked.append((names[0], f"{names[0]} - {names[1]}", np.array([1.0, -1.0])))
        nearby = self.case.nearby
        try:
            model = nearby.near_model(names) if near else nearby.own_model(names)
            design = self.case.design(model, self._methods())
        except NumericsError as error:
            return [
                replace(
                    self.case.row(term, contrast, near=near),
                    warning=f"not defined: {error}",
                )
                for term, contrast, _ in asked
            ]
        out = []
        for term, contrast, c in asked:
            row = self.case.row(term, contrast, near=near)
            out += self._by_every_method(row, model, design, c)
        return out

    def _methods(self) -> tuple[str, ...]:
        """Return the methods, the deciding one first."""
        return methods_of(self.spec)

    def _by_every_method(
        self, row: Estimate, model: NearbyModel, design: NearbyDesign, c: np.ndarray
    ) -> list[Estimate]:
        """Return the deciding row of a combination and those beside it; c (K,)."""
        weights = model.weights(c)
        marked = model.regressors[:, np.flatnonzero(c)] > 0
        counts: Fields = {
            "n_obs": len(model.rows),
            "n_units": len(model.rows),
            # Those of the first list of a difference.
            "n_treated": int(marked[:, 0].sum()),
        }
        alone = ""
        if model.alone:
            alone = f"ALONE: {model.alone} in a group of their own carry nothing"
        out = []
        for k, name in enumerate(self._methods()):
            test = infer(name, design, weights, self.level)
            own = beside(row, name, SUFFIXES) if k else row
            own = replace(own, asked=asking(row.asked, inference=name))
            if test.reason:
                why = f"not defined: {test.reason}"
                out.append(replace(own, **counts, warning=joined(alone, why)))
                continue
            fields: Fields = fields_of(test, self.level)
            if np.isnan(test.conf_low):
                fields["conf_level"] = NAN
            if not k:
                labels = design.clusters.names[design.clusters.codes]
                fields |= carrier_fields(model.X, self._names(labels), weights)
            if name.startswith(("wild", "randomisation")):
                fields["seed"] = f"{design.seed}:{self._drawn_from(name, model)}"
            seen = underpowered(test.mde, row.sesoi, row.unit_of_measure)
            out.append(replace(own, **counts, **fields, warning=joined(alone, seen)))
        return out

    def _drawn_from(self, method: str, model: NearbyModel) -> str:
        wild = method.startswith("wild")
        return self.case.stream(near=model.near) if wild else f"{FAMILY}:{self.spec.id}"

    def _names(self, codes: np.ndarray) -> np.ndarray:
        """Return names of clusters in place of codes of groups, (n,)."""
        column = self.spec.cluster_column
        if not column:
            return np.asarray(np.array(self.case.units)[codes])
        rows = self.case.unit_rows[column].to_numpy()
        names = dict(zip(self.case.clusters.tolist(), rows, strict=True))
        return np.asarray([str(names[code]) for code in codes.tolist()])

    def classes(self, *, near: bool) -> np.ndarray:
        """Return of each unit of the sample which lists it is on, or near where it is on
        none; (N,), blank outside.
        """
        nearby = self.case.nearby
        marks = nearby.lists > 0
        chosen = nearby.sample.copy()
        if near:
            chosen &= ~marks.any(axis=1)
            marks = nearby.exposure(nearby.lists) > 0
        words = _class_names(list(self.spec.named), near)
        codes = marks @ (1 << np.arange(marks.shape[1]))
        return np.asarray(np.where(chosen, np.array(words)[codes], ""))

    def counts(self) -> dict[str, int]:
        """Return how many units of the sample there are of each class."""
        out = {}
        for near in (False, True):
            found = self.classes(near=near)
            for name in _class_names(list(self.spec.named), near):
                out[name] = int((found == name).sum())
        return out

    def count_rows(self) -> list[Estimate]:
        """Return the counts as rows that describe."""
        rows = []
        for near in (False, True):
            if not near and self.spec.id not in self.section.own_rows:
                continue
            found = self.classes(near=near)
            classes = _classes(list(self.spec.named), near)
            in_words = {"_".join(words): " ".join(words) for words in classes}
            names = [*in_words]
            counts = {name: int((found == name).sum()) for name in names}
            if near and len(self.spec.named) > 1:
                counts[f"{names[-1]}_shared"] = self._through_shared(found == names[-1])
            base = self.case.row("", "", near=near)
            compared = int((found != "").sum())
            for name, number in counts.items():
                row = replace(
                    base,
                    role="description",
                    term=name,
                    estimator="count",
                    effect_type="stat",
                    estimate=float(number),
                    sesoi=NAN,
                    unit_of_measure="units",
                    n_obs=compared,
                    n_units=compared,
                )
                if name in in_words:
                    row = replace(row, asked=asking(row.asked, units=in_words[name]))
                rows.append(row)
        return rows

    def whole_rows(self) -> list[Estimate]:
        """Return what describes the whole regression near lists, as rows."""
        names = [term_of(name, True) for name in self.spec.named]
        model = self.case.nearby.near_model(names)
        try:
            design = model.design(np.array(self.case.units), self.case.clusters)
        except NumericsError:
            return []
        base = self.case.row("", "", near=True)
        # Mean growth has its unit, also where exposure is a share.
        unit = self.section.outcomes[self.spec.outcome].unit
        return whole_rows(replace(base, unit_of_measure=unit), design.whole)

    def _through_shared(self, near_both: np.ndarray) -> int:
        """Return how many units near both lists have nearby only units that are on both,
        so that the two cannot be told apart there.
        """
        nearby = self.case.nearby
        on_all = nearby.lists.all(axis=1)
        on_some_only = nearby.lists.any(axis=1) & ~on_all
        near_some_only = np.asarray(nearby.reach @ on_some_only.astype(float)) > 0
        return int((near_both & ~near_some_only).sum())

    def means(self) -> list[Fields]:
        """Return growth near each list, near both and near none, level and parents as
        they are on average.

        Notes
        -----
        mean(g) + sum_k c_k (n_k - mean(N_k)); the interval is that of the second part,
        of the distance from the mean of all.
        """
        if self.spec.measure == "share":
            return []
        names = list(self.spec.named)
        model = self.case.nearby.near_model([term_of(name, True) for name in names])
        try:
            design = self.case.design(model, self._methods())
        except NumericsError:
            return []
        found = self.classes(near=True)[model.rows]
        out = []
        for code, name in enumerate(_class_names(names, True)):
            at = np.array([code >> k & 1 for k in range(len(names))], dtype=float)
            c = model.weights(at - model.means())
            own = found == name
            if not own.any():
                continue
            test = infer("CR3", design, c, self.level)
            mean = float(model.y.mean())
            out.append(
                {
                    "spec_id": self.spec.id,
                    "near": name,
                    "estimate": mean + test.estimate,
                    "conf_low": mean + test.conf_low,
                    "conf_high": mean + test.conf_high,
                    "units": int(own.sum()),
                    "growth": float(model.y[own].mean()),
                }
            )
        return out

    def places(self) -> list[Fields]:
        """Return which list each unit of the sample is on, or near; for a map."""
        on = self.classes(near=False)
        beside_one = self.classes(near=True)
        rows = []
        for i in np.argsort(self.case.units):
            place = str(beside_one[i] or on[i])
            row = {"spec_id": self.spec.id, "unit": self.case.units[i], "place": place}
            rows.append(row)
        return rows


def methods_of(spec: NearbySpec) -> tuple[str, ...]:
    """Return the methods of a specification, the deciding one first."""
    if spec.inference:
        return spec.inference
    if spec.role != "primary":
        return FEW_METHODS
    permuted_labels = "randomisation_stratified" if spec.within else "randomisation"
    return (*EVERY_METHOD, permuted_labels)


def _class_names(names: Sequence[str], near: bool) -> list[str]:
    """Return the names of the classes of units by list: none, first, second, both."""
    return ["_".join(words) for words in _classes(names, near)]


def _classes(names: Sequence[str], near: bool) -> list[tuple[str, ...]]:
    """Return the same classes in words."""
    prefix = "near" if near else "on"
    if len(names) == 1:
        return [(prefix, "none"), (prefix, names[0])]
    only = [(prefix, name, "only") for name in names]
    return [(prefix, "none"), *only, (prefix, "both")]
