"""Arguments as other packages name them, answered with the words of this library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Arguments by which pyfixest, statsmodels, linearmodels, R and Stata ask for standard
# errors.
ARGUMENTS = ("cov_type", "se", "se_type", "vce", "vcov")
# Their words in small letters by the inference here: the same estimator of the variance,
# while small-sample factors and default lags may differ. Words without a counterpart
# (HC2, Newey-West, a bootstrap of pairs) are left out.
SYNONYMS = {
    "classical": "classical conventional homoskedastic iid nonrobust ols standard"
    " unadjusted",
    "HC1": "hc1 hetero heteroskedastic robust",
    "HC3": "hc3",
    "CR1": "cr1 crv1 cluster clustered",
    "CR2": "cr2",
    "CR3": "cr3 crv3 cluster-crv3",
    "driscoll_kraay": "dk driscoll-kraay driscoll_kraay kernel hac-groupsum",
    "conley": "conley",
}
# What statsmodels has beside its word: groups, lags.
BESIDE = "cov_kwds"
# Inferences that a function takes only if it has the argument that they read.
READ = {"driscoll_kraay": "lags", "conley": "cutoff_km"}
INFERENCE_OF = {
    word: inference for inference, words in SYNONYMS.items() for word in words.split()
}


def in_our_words(
    argument: str, given: Mapping[str, object], known: Iterable[str]
) -> str:
    """Return what to write in place of an argument of another package, of all that are
    given; nothing for any other argument, or of a function whose inferences are not
    those of ``ols``.
    """
    known = {*known}
    if argument not in (*ARGUMENTS, BESIDE) or not {"inference", "cluster"} <= known:
        return ""
    options = given.get(BESIDE)
    options = options if isinstance(options, Mapping) else {}
    # Groups alone are those of clusters.
    kind: object = next((given[name] for name in ARGUMENTS if name in given), "cluster")
    cluster: object = _column(options.get("groups", ""))
    if isinstance(kind, Mapping) and len(kind) == 1:  # pyfixest: {"CRV1": "state"}
        [(kind, cluster)] = kind.items()
    inference = INFERENCE_OF.get(str(kind).lower(), "")
    one_column = isinstance(cluster, str) and "+" not in cluster  # "state + year"
    taken = READ.get(inference, "inference") in known
    if not (inference and one_column and taken):
        return "choose one of the inferences here with inference="
    advice = f'say inference="{inference}"'
    if "maxlags" in options and inference == "driscoll_kraay":
        advice += f", lags={options['maxlags']}"
    return f'{advice}, cluster="{cluster}"' if cluster else advice


def _column(groups: object) -> str:
    """Return the name of a column of groups that are given by name or as values."""
    if isinstance(groups, str):
        return groups
    name = getattr(groups, "name", None)
    return "the column of the groups" if name is None else str(name)
