"""Floor 4, spillover wing: does growth spread to neighbours. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_exposure:
    """Spillovers by group: growth on own and neighbours' clusters and zones, by period."""
    input:
        library=library("estimates/spillover"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        exposures=main_scheme("results/weights/{scheme}/exposures.csv"),
        edges=main_scheme(rules.build_weights.output.edges),
        descriptions=main_scheme(rules.build_weights.output.descriptions),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        adjacency=main_scheme("results/panel/{scheme}/adjacency.csv"),
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/exposure/estimates.csv",
        series="results/estimates/exposure/series.csv",
        residuals="results/estimates/exposure/residuals.csv",
        ranges="results/estimates/exposure/ranges.csv",
        fit="results/estimates/exposure/fit.json",
    log:
        "results/logs/estimate_exposure.log",
    benchmark:
        "results/benchmarks/estimate_exposure.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("exposure"),
        join=config["weights"].get("join", []),
        sesoi=config["sesoi"],
        inference=config["inference"],
        power=POWER,
    script:
        "../../scripts/estimate_exposure.py"
