"""Arguments as other packages name them, answered with the words of this library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Arguments by which pyfixest, statsmodels, linearmodels and R ask for an inference.
ARGUMENTS = ("cov_type", "se", "se_type", "vce", "vcov")
# What they call it, in small letters, by the name here.
NAMES = {
    "classical": "iid homoskedastic nonrobust unadjusted standard",
    "HC1": "hc1 hetero heteroskedastic heteroskedasticity robust",
    "HC3": "hc3",
    "CR1": "crv1 cr1 cluster clustered",
    "CR2": "cr2 bm",
    "CR3": "crv3 cr3",
    "driscoll_kraay": "dk driscoll-kraay kernel hac-panel",
    "conley": "conley",
    "wild": "wild wildboot bootstrap",
}
HERE = {name: here for here, names in NAMES.items() for name in names.split()}


def in_our_words(argument: str, value: object, known: Iterable[str]) -> str:
    """Return what to write in place of an argument of another package, or nothing where
    a function has no inference to choose or the value says none.
    """
    if argument not in ARGUMENTS or "inference" not in known:
        return ""
    if isinstance(value, Mapping) and len(value) == 1:
        [(kind, cluster)] = value.items()
    else:
        kind, cluster = value, ""
    name = HERE.get(str(kind).lower())
    if name is None:
        return "the argument here is inference="
    said = f'say inference="{name}"'
    return f'{said}, cluster="{cluster}"' if cluster else said
