"""Floor 5, convergence tables. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_dynamic:
    """T7: convergence in the dynamic panel."""
    input:
        estimates=rules.estimate_dynamic.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T7"),
    log:
        "results/logs/tabulate_dynamic.log",
    benchmark:
        "results/benchmarks/tabulate_dynamic.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("dynamic"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../../scripts/tabulate_dynamic.py"


rule tabulate_regime:
    """T8: convergence by exposure to clusters and zones."""
    input:
        estimates=rules.estimate_regime.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T8"),
    log:
        "results/logs/tabulate_regime.log",
    benchmark:
        "results/benchmarks/tabulate_regime.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("regime"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
        power=POWER,
    script:
        "../../scripts/tabulate_regime.py"


rule tabulate_gradient:
    """T4b: where clusters lie."""
    input:
        estimates=rules.estimate_gradient.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T4b"),
    log:
        "results/logs/tabulate_gradient.log",
    benchmark:
        "results/benchmarks/tabulate_gradient.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("gradient"),
        inference=config["inference"],
        study=config["study"],
        power=POWER,
    script:
        "../../scripts/tabulate_gradient.py"
