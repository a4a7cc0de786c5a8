"""Left-over rules of the design topic."""


rule tabulate_design:
    """TD: what the design can see, before any regression."""
    input:
        series=rules.estimate_design.output.series,
        estimates=rules.estimate_design.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("TD"),
    log:
        "results/logs/tabulate_design.log",
    benchmark:
        "results/benchmarks/tabulate_design.tsv"
    conda:
        "../../../environment.yml"
    params:
        taxonomy=MAIN_TAXONOMY,
        weights=MAIN_WEIGHTS,
        power=POWER,
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/tabulate_design.py"
