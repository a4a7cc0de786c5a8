"""Floor 4, design wing: what the design can see, before any regression. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_design:
    """Diagnose the design before any regression: overlap, weights, support, minimum detectable effects."""
    input:
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        first_years=main_scheme("results/panel/{scheme}/first_years.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        exposures=main_scheme("results/weights/{scheme}/exposures.csv"),
        edges=main_scheme(rules.build_weights.output.edges),
        descriptions=main_scheme(rules.build_weights.output.descriptions),
    output:
        estimates="results/estimates/design/estimates.csv",
        series="results/estimates/design/series.csv",
        fit="results/estimates/design/fit.json",
    log:
        "results/logs/estimate_design.log",
    benchmark:
        "results/benchmarks/estimate_design.tsv"
    conda:
        "../../../environment.yml"
    params:
        design=config["estimates"].get("design"),
        taxonomy=config["taxonomy"],
        weights=config["weights"],
        inference=config["inference"],
    script:
        "../../scripts/estimate_design.py"
