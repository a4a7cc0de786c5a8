"""Floor 3. INPUT: results/panel/. OUTPUT: results/weights/{scheme}/. Who is a neighbour of whom, and exposures."""


rule build_weights:
    """Build, check and describe every weights matrix of a unit scheme."""
    input:
        panel=rules.build_panel.output.panel,
        units=rules.build_panel.output.units,
        adjacency=rules.build_panel.output.adjacency,
        description=rules.build_panel.output.description,
        tracked=[family["path"] for family in config["weights"]["families"].values() if "path" in family],
    output:
        edges=expand("results/weights/{{scheme}}/{weights}.csv", weights=WEIGHTS),
        descriptions=expand("results/weights/{{scheme}}/{weights}.json", weights=WEIGHTS),
    log:
        "results/logs/build_weights_{scheme}.log",
    benchmark:
        "results/benchmarks/build_weights_{scheme}.tsv"
    conda:
        "../../environment.yml"
    params:
        spec=config["weights"],
    script:
        "../scripts/build_weights.py"


rule build_exposures:
    """Multiply every weights matrix with taxonomy cells and zone doses."""
    input:
        edges=rules.build_weights.output.edges,
        descriptions=rules.build_weights.output.descriptions,
        cells=rules.build_panel.output.cells,
        doses=rules.build_panel.output.doses,
        description=rules.build_panel.output.description,
    output:
        exposures="results/weights/{scheme}/exposures.csv",
    log:
        "results/logs/build_exposures_{scheme}.log",
    benchmark:
        "results/benchmarks/build_exposures_{scheme}.tsv"
    conda:
        "../../environment.yml"
    script:
        "../scripts/build_exposures.py"
