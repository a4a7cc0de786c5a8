"""Floor 5, convergence tables. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_sigma:
    """T9: sigma convergence, start against end of each period."""
    input:
        estimates=rules.estimate_sigma.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T9"),
    log:
        "results/logs/tabulate_sigma.log",
    benchmark:
        "results/benchmarks/tabulate_sigma.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("sigma"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../../scripts/tabulate_sigma.py"


rule tabulate_clubs:
    """T10: log t tests and convergence clubs."""
    input:
        estimates=rules.estimate_clubs.output.estimates,
        series=rules.estimate_clubs.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T10"),
    log:
        "results/logs/tabulate_clubs.log",
    benchmark:
        "results/benchmarks/tabulate_clubs.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("clubs"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../../scripts/tabulate_clubs.py"


rule tabulate_inequality:
    """T12: inequality within and between groups."""
    input:
        estimates=rules.estimate_inequality.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T12"),
    log:
        "results/logs/tabulate_inequality.log",
    benchmark:
        "results/benchmarks/tabulate_inequality.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("inequality"),
        periods=config["periods"],
        inference=config["inference"],
        study=config["study"],
    script:
        "../../scripts/tabulate_inequality.py"


rule tabulate_growth_shares:
    """T12b: shares of national growth by cell."""
    input:
        estimates=rules.estimate_inequality.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T12b"),
    log:
        "results/logs/tabulate_growth_shares.log",
    benchmark:
        "results/benchmarks/tabulate_growth_shares.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("inequality"),
        periods=config["periods"],
        study=config["study"],
    script:
        "../../scripts/tabulate_growth_shares.py"


rule tabulate_pattern:
    """T13: spatial pattern by year."""
    input:
        estimates=rules.estimate_pattern.output.estimates,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T13"),
    log:
        "results/logs/tabulate_pattern.log",
    benchmark:
        "results/benchmarks/tabulate_pattern.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("pattern"),
        inference=config["inference"],
        weights=MAIN_WEIGHTS,
        study=config["study"],
    script:
        "../../scripts/tabulate_pattern.py"
