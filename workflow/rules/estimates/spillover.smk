"""Floor 4, spillover wing: does growth spread to neighbours. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_exposure:
    """First look at spillovers: growth on own and neighbours' clusters and SEZs, by period."""
    input:
        library=library("estimates/spillover"),
        periods=main_scheme("results/panel/{scheme}/periods.csv"),
        exposures=main_scheme("results/weights/{scheme}/exposures.csv"),
        units=main_scheme("results/panel/{scheme}/units.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/exposure/estimates.csv",
        series="results/estimates/exposure/series.csv",
        residuals="results/estimates/exposure/residuals.csv",
        fit="results/estimates/exposure/fit.json",
    log:
        "results/logs/estimate_exposure.log",
    benchmark:
        "results/benchmarks/estimate_exposure.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("exposure"),
        sesoi=config["sesoi"],
        inference=config["inference"],
        power=config["estimates"].get("design", {}).get("power", 0.8),
    script:
        "../../scripts/estimate_exposure.py"


rule estimate_spatial_panel:
    """Spatial panels by model and weights: direct and indirect effects, tests, model probabilities."""
    input:
        library=library("estimates/spillover"),
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        weights=main_scheme(rules.build_weights.output.edges),
        weights_descriptions=main_scheme(rules.build_weights.output.descriptions),
    output:
        estimates="results/estimates/spatial_panel/estimates.csv",
        reach="results/estimates/spatial_panel/reach.csv",
        links="results/estimates/spatial_panel/links.csv",
        powers="results/estimates/spatial_panel/powers.csv",
        fit="results/estimates/spatial_panel/fit.json",
    log:
        "results/logs/estimate_spatial_panel.log",
    benchmark:
        "results/benchmarks/estimate_spatial_panel.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("spatial_panel"),
        primary_weights=MAIN_WEIGHTS,
        inference=config["inference"],
        power=config["estimates"].get("design", {}).get("power", 0.8),
    script:
        "../../scripts/estimate_spatial_panel.py"
