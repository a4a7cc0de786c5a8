"""Floor 5, policy. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_exploratory:
    """T31: claims that the panel can describe but not decide, and those that it cannot carry."""
    input:
        estimates=rules.estimate_exploratory.output.estimates,
        not_carried=rules.estimate_exploratory.output.not_carried,
        claims="results/ingest/claims.csv",
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T31"),
    log:
        "results/logs/tabulate_exploratory.log",
    benchmark:
        "results/benchmarks/tabulate_exploratory.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("exploratory"),
        periods=config["periods"],
        inference=config["inference"],
        power=POWER,
        study=config["study"],
    script:
        "../../scripts/tabulate_exploratory.py"
