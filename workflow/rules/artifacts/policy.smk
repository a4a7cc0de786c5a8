"""Floor 5, policy. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule tabulate_exploratory:
    """T31: claims that the panel can describe but not decide, and those that it cannot carry."""
    input:
        library=library("artifacts"),
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


rule tabulate_benchmarks:
    """T30: published figures, and ours where they may stand beside them."""
    input:
        library=library("artifacts"),
        benchmarks="results/ingest/benchmarks.csv",
        estimates="results/estimates.csv",
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        table=table_files("T30"),
    log:
        "results/logs/tabulate_benchmarks.log",
    benchmark:
        "results/benchmarks/tabulate_benchmarks.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
    script:
        "../../scripts/tabulate_benchmarks.py"


rule draw_benchmarks:
    """F24: our speeds of convergence beside published ones."""
    input:
        library=library("artifacts"),
        benchmarks="results/ingest/benchmarks.csv",
        estimates="results/estimates.csv",
    output:
        figure=figure_files("F24"),
    log:
        "results/logs/draw_benchmarks.log",
    benchmark:
        "results/benchmarks/draw_benchmarks.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
    script:
        "../../scripts/draw_benchmarks.py"
