"""Arguments as other packages name them, answered with the words of this library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Arguments by which pyfixest, statsmodels, linearmodels, R and Stata ask for standard
# errors.
ARGUMENTS = ("cov_type", "se", "se_type", "vce", "vcov")
# What they call them, in small letters, by the inference here. Names of what this library
# does not have, such as HC2 or a bootstrap of pairs, have none.
NAMES = {
    "classical": "iid homoskedastic nonrobust unadjusted standard classical ols",
    "HC1": "hc1 hetero heteroskedastic robust",
    "HC3": "hc3",
    "CR1": "crv1 cluster clustered",
    "CR2": "cr2",
    "CR3": "crv3",
    "driscoll_kraay": "dk driscoll-kraay kernel hac-groupsum",
    "conley": "conley",
}
HERE = {name: here for here, names in NAMES.items() for name in names.split()}


def in_our_words(argument: str, value: object, known: Iterable[str]) -> str:
    """Return what to write in place of an argument of another package; nothing for any
    other argument, or of a function that has no ``inference``.
    """
    if argument not in ARGUMENTS or "inference" not in known:
        return ""
    kind: object = value
    cluster: object = ""
    if isinstance(value, Mapping) and len(value) == 1:  # pyfixest: {"CRV1": "state"}
        [(kind, cluster)] = value.items()
    inference = HERE.get(str(kind).lower())
    one_column = isinstance(cluster, str) and "+" not in cluster  # "state + year"
    if inference is None or not one_column:
        return "choose one of the inferences here with inference="
    advice = f'say inference="{inference}"'
    return f'{advice}, cluster="{cluster}"' if cluster else advice
