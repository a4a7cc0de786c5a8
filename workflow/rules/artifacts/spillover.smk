"""Floor 5, spillover. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_exposure:
    """T16: spillovers by group, with what the design could have seen."""
    input:
        estimates=rules.estimate_exposure.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T16"),
    log:
        "results/logs/tabulate_exposure.log",
    benchmark:
        "results/benchmarks/tabulate_exposure.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec_of("exposure"),
        periods=config["periods"],
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_exposure.py"


rule tabulate_exposure_ranges:
    """T16b: the key difference over taxonomies and weights."""
    input:
        ranges=rules.estimate_exposure.output.ranges,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T16b"),
    log:
        "results/logs/tabulate_exposure_ranges.log",
    benchmark:
        "results/benchmarks/tabulate_exposure_ranges.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("exposure"),
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/tabulate_exposure_ranges.py"


rule draw_exposure:
    """F13: own and neighbours' coefficients by period, with the equivalence band."""
    input:
        series=rules.estimate_exposure.output.series,
    output:
        figure=figure_files("F13"),
    log:
        "results/logs/draw_exposure.log",
    benchmark:
        "results/benchmarks/draw_exposure.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec_of("exposure"),
        periods=config["periods"],
        power=POWER,
    script:
        "../../scripts/draw_exposure.py"


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


rule tabulate_linkage:
    """T20: linkage interactions with the ladder of inference."""
    input:
        estimates=rules.estimate_linkage.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T20"),
    log:
        "results/logs/tabulate_linkage.log",
    benchmark:
        "results/benchmarks/tabulate_linkage.tsv"
    conda:
        "../../../environment.yml"
    params:
        section=config["estimates"].get("linkage"),
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_linkage.py"
