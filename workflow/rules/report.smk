"""Floor of report."""


rule write_manifest:
    """Placeholder while the house is built."""
    input:
        expand("results/weights/{scheme}/exposures.csv", scheme=SCHEMES),
