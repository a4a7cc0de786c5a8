"""Floor 4, spillover wing: does growth spread to neighbours. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/."""


rule estimate_spatial_panel:
    """Spatial panels by model and weights: direct and indirect effects, tests, model probabilities."""
    input:
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


rule estimate_dynamic_spatial:
    """Dynamic spatial panel, with a Monte Carlo of its bias at the study's size."""
    input:
        panel=main_scheme("results/panel/{scheme}/panel.csv"),
        doses=main_scheme("results/panel/{scheme}/doses.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
        weights=[main_scheme(f"results/weights/{{scheme}}/{name}.csv") for name in WEIGHTS],
        weights_descriptions=[main_scheme(f"results/weights/{{scheme}}/{name}.json") for name in WEIGHTS],
    output:
        estimates="results/estimates/dynamic_spatial/estimates.csv",
        series="results/estimates/dynamic_spatial/series.csv",
        fit="results/estimates/dynamic_spatial/fit.json",
    log:
        "results/logs/estimate_dynamic_spatial.log",
    benchmark:
        "results/benchmarks/estimate_dynamic_spatial.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("dynamic_spatial"),
        main_weights=MAIN_WEIGHTS,
        inference=config["inference"],
    script:
        "../../scripts/estimate_dynamic_spatial.py"
