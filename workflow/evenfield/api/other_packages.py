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
INFERENCE_OF = {
    word: inference for inference, words in SYNONYMS.items() for word in words.split()
}


def in_our_words(argument: str, value: object, known: Iterable[str]) -> str:
    """Return what to write in place of an argument of another package; nothing for any
    other argument, or of a function whose inferences are not those of ``ols``.
    """
    if argument not in ARGUMENTS or not {"inference", "cluster"}.issubset(known):
        return ""
    kind: object = value
    cluster: object = ""
    if isinstance(value, Mapping) and len(value) == 1:  # pyfixest: {"CRV1": "state"}
        [(kind, cluster)] = value.items()
    inference = INFERENCE_OF.get(str(kind).lower())
    one_column = isinstance(cluster, str) and "+" not in cluster  # "state + year"
    if inference is None or not one_column:
        return "choose one of the inferences here with inference="
    advice = f'say inference="{inference}"'
    return f'{advice}, cluster="{cluster}"' if cluster else advice
