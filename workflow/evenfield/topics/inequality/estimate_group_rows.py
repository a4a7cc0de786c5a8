"""Rows of the inequality family: parts by one grouping, and by two."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import decompose_gini, theil
from evenfield.numerics.inequality_draws import ShareTest, between_test, connected_test
from evenfield.numerics.inequality_groups import decompose_theil, maximum_between, nested_theil, shapley_theil
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.topics.inequality.estimate_rows import Place
from evenfield.topics.inequality.estimate_spec import MEASURES

NO_INEQUALITY = "no inequality"


def group_rows(place: Place, name: str, linked: np.ndarray | None) -> list[Estimate]:
    """Return the parts of inequality by one grouping at both ends of a period; linked (N, N)."""
    codes, names = place.ends.groups[name]
    labels = {**place.base, "estimator": "theil_decomposition", "effect_type": "share", "role": "exploratory",
              "treatment_def": name, "unit_of_measure": "share"}  # fmt: skip
    if len(names) < 2:
        alone = [{**labels, "term": "between_theil_t"}]
        return not_defined(alone, place.ends.window.note, "the grouping has one group")
    rows = []
    for end in ("start", "end"):
        try:
            for measure in MEASURES:
                rows += _share_rows(place, (name, end, measure), linked, labels)
            rows += _dagum_rows(place, codes, end, labels)
        except NumericsError as error:
            lost = [{**labels, "term": "between_theil_t", "contrast": end}]
            rows += not_defined(lost, place.ends.window.note, error)
    return rows


def _share_rows(
    place: Place, what: tuple[str, str, str], linked: np.ndarray | None, labels: dict[str, Any]
) -> list[Estimate]:
    name, end, measure = what
    codes = place.ends.groups[name][0]
    income, weights = place.at(end)
    parts = decompose_theil(income, weights, codes, measure)
    most = maximum_between(income, weights, codes, measure)
    draw_id = place.draw_id(f"between:{name}:{end}:{measure}")
    rng = generator_for(place.inference.seed, draw_id)
    free = between_test(income, weights, codes, rng=rng, draws=place.inference.permutations, measure=measure)
    note, seed = place.ends.window.note, f"{place.inference.seed}:{draw_id}"
    rows = [
        _share_row({**labels, "seed": seed}, f"between_{measure}", end, (parts.total, free), note),
        Estimate(**labels, term=f"between_over_maximum_{measure}", contrast=end,
                 estimate=parts.between / most if most > 0 else NAN,
                 warning=joined(note, NO_INEQUALITY if not parts.total > 0 else "",
                                "" if np.isfinite(most) else "not defined: more than eight groups")),
    ]  # fmt: skip
    if linked is not None and codes.max() == 1:
        rows.append(_connected_row(place, (codes, end, measure), linked, parts.total, labels))
    return rows


def _share_row(labels: dict[str, Any], term: str, end: str, test: tuple[float, ShareTest], note: str) -> Estimate:
    total, share = test
    return Estimate(
        **labels, term=term, contrast=end, estimate=share.between / total if total > 0 else NAN,
        statistic=share.between, p_value=share.p_value, p_type=f"labels move over units, {share.draws} draws",
        warning=joined(note, f"random labels {share.expected / total:.3g}" if total > 0 else NO_INEQUALITY),
    )  # fmt: skip


def _connected_row(
    place: Place, what: tuple[np.ndarray, str, str], linked: np.ndarray, total: float, labels: dict[str, Any]
) -> Estimate:
    codes, end, measure = what
    term = {**labels, "term": f"between_connected_{measure}", "contrast": end}
    try:
        test = connected_test(*place.at(end), codes == 1, linked, measure)
    except NumericsError as error:
        return not_defined([term], place.ends.window.note, error)[0]
    return Estimate(**term, estimate=test.between / total, p_value=test.p_value, warning=place.ends.window.note,
                    p_type=f"exact over all {test.draws} connected groups of {int(codes.sum())} units")  # fmt: skip


def _dagum_rows(place: Place, codes: np.ndarray, end: str, labels: dict[str, Any]) -> list[Estimate]:
    parts = decompose_gini(*place.at(end), codes)
    shared = {**labels, "estimator": "dagum", "role": "description", "contrast": end}
    values = {"within": parts.within, "net_between": parts.net_between, "transvariation": parts.transvariation}
    return [
        Estimate(**shared, term=term, estimate=value / parts.gini if parts.gini > 0 else NAN,
                 warning=joined(place.ends.window.note, "" if parts.gini > 0 else NO_INEQUALITY))
        for term, value in values.items()
    ]  # fmt: skip


def nested_rows(place: Place, outer: str, inner: str) -> list[Estimate]:
    """Return nested parts of Theil and the fair division between two groupings."""
    a, b = place.ends.groups[outer][0], place.ends.groups[inner][0]
    rows = []
    for end in ("start", "end"):
        for measure in MEASURES:
            labels = {**place.base, "effect_type": "share", "role": "exploratory", "unit_of_measure": "share",
                      "treatment_def": f"{outer} > {inner}", "contrast": end, "controls_id": measure}  # fmt: skip
            try:
                total = theil(*place.at(end), measure)
                nested = nested_theil(*place.at(end), a, b, measure)
                fair = shapley_theil(*place.at(end), a, b, measure)
            except NumericsError as error:
                rows += not_defined([{**labels, "estimator": "nested_theil", "term": "outer"}],
                                    place.ends.window.note, error)  # fmt: skip
                continue
            for estimator, parts in (("nested_theil", nested), ("shapley_theil", fair)):
                for term, value in zip(("outer", "inner", "within"), parts, strict=True):
                    share = value / total if total > 0 else NAN
                    why = "" if total > 0 else NO_INEQUALITY
                    rows.append(Estimate(**labels, estimator=estimator, term=term, estimate=share,
                                         warning=joined(place.ends.window.note, why)))  # fmt: skip
    return rows
