"""Constants of the rules that have not moved to topics.smk yet."""

MAIN_WEIGHTS = config["weights"]["primary"]
MAIN_TAXONOMY = config["taxonomy"]["primary"]
POWER = config["estimates"].get("design", {}).get("power", 0.8)


def per_scheme(pattern):
    """One path per unit scheme, in the order of the config."""
    return expand(pattern, scheme=SCHEMES)


def primary_spec(family):
    """The id of the family's primary specification, else of its first; None where the family is not run."""
    specs = config["estimates"].get(family) or [{"id": None}]
    return next((spec["id"] for spec in specs if spec.get("role") == "primary"), specs[0]["id"])


def primary_spec_of(family):
    """The family's primary specification with all its keys; empty where the family is not run."""
    specs = config["estimates"].get(family) or []
    return next((spec for spec in specs if spec["id"] == primary_spec(family)), {})
