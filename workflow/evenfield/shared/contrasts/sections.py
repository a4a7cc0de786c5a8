"""The regression behind a contrast as a design of the registry of inferences, and which
methods are printed by default.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evenfield.numerics.inference.methods import Design, Locations, Tested, infer
from evenfield.numerics.label_change import Span
from evenfield.numerics.label_permutation import (
    LabelDraws,
    PermutationTest,
    exact_label_draws,
    label_permutation,
)
from evenfield.numerics.ols import t_quantile
from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN

FEWEST_TREATED = 4
# ASSUME: without coordinates CR3 decides, which takes the units' shocks as independent.
NO_COORDINATES = "no coordinates: dependence between neighbours is not allowed for"
# Permutations of labels and their schemes; the last one where it is asked for alone.
SAMPLED = {
    "randomisation": "free",
    "randomisation_stratified": "stratified",
    "randomisation_connected": "connected",
}
EXACT = "randomisation_exact"
PERMUTATIONS = SAMPLED | {EXACT: "exact"}
# What a contrast that decides a hypothesis prints.
PRINTED = (
    "SCPC",
    "SCPC_06",
    "CR2",
    "CR3",
    "conley_400",
    "conley_800",
    "conley_1200",
    "wild33",
    "HC1",
    *SAMPLED,
)


@dataclass(frozen=True)
class Geography:
    """Where the units are, and who could have had whose labels."""

    locations: Locations
    draws: Callable[[str], LabelDraws]  # by scheme; refuses one that does not exist
    strata: Callable[[], np.ndarray]  # (N,) stratum of each unit, or a refusal
    # placebo lists of labels (N, L): every one, or a number of draws; or a refusal
    lists: Callable[[np.ndarray, int], LabelDraws]


@dataclass(frozen=True, kw_only=True)
class Section(Span):
    """One regression on group labels, or anything that moves with them, and one
    combination of their coefficients, with the units behind its rows.
    """

    units: np.ndarray  # (N,) names
    treated: int  # units in the smaller of the groups that the combination compares

    @property
    def few(self) -> bool:
        """Whether too few units are treated for anything but permutation."""
        return self.treated < FEWEST_TREATED


@dataclass(frozen=True, kw_only=True)
class ContrastDesign(Design):
    """The regression of a section; its labels may be dealt out to other units."""

    section: Section
    geography: Geography

    def permuted(  # the section holds its combination, and there is no interval
        self,
        c: np.ndarray,  # noqa: ARG002
        level: float,  # noqa: ARG002
        scheme: str,
    ) -> Tested:
        """Test by permuting the rows of labels."""
        if scheme == "exact":
            draws = exact_label_draws(self.section.labels, self.geography.strata())
        else:
            draws = self.geography.draws(scheme)
        test = permutation(self.section, draws)
        return Tested(
            estimate=test.estimate,
            p_value=test.p_value,
            p_type=f"{scheme} permutation of labels, {test.distinct} patterns",
        )


def permutation(section: Section, draws: LabelDraws) -> PermutationTest:
    """Test the combination of a section by permuting its rows of labels."""
    return label_permutation(
        section.y,
        section.labels,
        section.controls,
        section.c,
        draws,
        section.label_design,
    )


def printed_methods(
    section: Section, geography: Geography, role: str, asked: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the methods of a contrast, the one that decides first: those asked for, or
    by the written rule.
    """
    # Few treated units leave permutation alone, whatever methods are asked for.
    if section.few:
        return tuple(SAMPLED) if role == "primary" else ("randomisation",)
    if asked:
        return asked
    deciding = "SCPC" if geography.locations.known else "CR3"
    if role != "primary":
        return (deciding,)
    return (deciding, *(name for name in PRINTED if name != deciding))


def method_results(
    design: ContrastDesign, names: tuple[str, ...], level: float
) -> dict[str, Tested]:
    """Return what each method says of a contrast, the deciding one first."""
    section = design.section
    results = {name: infer(name, design, section.contrast, level) for name in names}
    if section.few:
        free = results["randomisation"]
        results["randomisation"] = replace(free, mde=_classical_reach(design, level))
    return results


def _classical_reach(design: ContrastDesign, level: float) -> float:
    # ASSUME: a permutation has no standard error; it sees about what a t test with equal
    # variances sees.
    fit = design.fit
    c = design.section.contrast
    std_error = float(np.sqrt(fit.sigma2 * c @ fit.bread @ c))
    half = t_quantile(0.5 + level / 2, fit.df) * std_error
    return smallest_visible(-half, half, std_error, design.power or NAN, level)
