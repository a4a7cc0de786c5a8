"""Floor 5, spillover. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_spatial_effects:
    """T15: direct and indirect effects in spatial panels, by model and weights."""
    input:
        estimates=rules.estimate_spatial_panel.output.estimates,
        fit=rules.estimate_spatial_panel.output.fit,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T15"),
    log:
        "results/logs/tabulate_spatial_effects.log",
    benchmark:
        "results/benchmarks/tabulate_spatial_effects.tsv"
    conda:
        "../../../environment.yml"
    params:
        inference=config["inference"],
        study=config["study"],
    script:
        "../../scripts/tabulate_spatial_effects.py"
