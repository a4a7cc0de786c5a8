"""Floor 5, convergence figures. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


rule draw_beta:
    """F4: growth against initial income by period."""
    input:
        series=rules.estimate_beta.output.series,
        estimates=rules.estimate_beta.output.estimates,
        cells=main_scheme("results/panel/{scheme}/cells.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F4"),
    log:
        "results/logs/draw_beta.log",
    benchmark:
        "results/benchmarks/draw_beta.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("beta"),
        taxonomy=MAIN_TAXONOMY,
        periods=config["periods"],
    script:
        "../../scripts/draw_beta.py"


rule draw_sigma:
    """F5: dispersion of income over time with its leave-one-out band."""
    input:
        series=rules.estimate_sigma.output.series,
    output:
        figure=figure_files("F5"),
    log:
        "results/logs/draw_sigma.log",
    benchmark:
        "results/benchmarks/draw_sigma.tsv"
    conda:
        "../../../environment.yml"
    params:
        unit_scheme=MAIN_SCHEME,
        study=config["study"],
    script:
        "../../scripts/draw_sigma.py"


rule draw_clock:
    """F5c: the convergence clock."""
    input:
        series=rules.estimate_clock.output.series,
    output:
        figure=figure_files("F5c"),
    log:
        "results/logs/draw_clock.log",
    benchmark:
        "results/benchmarks/draw_clock.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("clock"),
        study=config["study"],
    script:
        "../../scripts/draw_clock.py"


rule draw_inequality:
    """F6: inequality between and within groups over time."""
    input:
        series=rules.estimate_inequality.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F6"),
    log:
        "results/logs/draw_inequality.log",
    benchmark:
        "results/benchmarks/draw_inequality.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("inequality"),
        groupings=inequality_groupings(),
    script:
        "../../scripts/draw_inequality.py"


rule draw_clubs:
    """F7: relative transition paths and club heat map."""
    input:
        series=rules.estimate_clubs.output.series,
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        figure=figure_files("F7"),
    log:
        "results/logs/draw_clubs.log",
    benchmark:
        "results/benchmarks/draw_clubs.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("clubs"),
        study=config["study"],
    script:
        "../../scripts/draw_clubs.py"


rule draw_currency:
    """F8: what the currency unit does to the log t test."""
    input:
        series=rules.estimate_clubs.output.series,
        estimates=rules.estimate_clubs.output.estimates,
    output:
        figure=figure_files("F8"),
    log:
        "results/logs/draw_currency.log",
    benchmark:
        "results/benchmarks/draw_currency.tsv"
    conda:
        "../../../environment.yml"
    params:
        specs=config["estimates"].get("clubs"),
        periods=config["periods"],
    script:
        "../../scripts/draw_currency.py"


rule draw_kernels:
    """F9: stochastic kernels and ergodic densities."""
    input:
        series=rules.estimate_distribution.output.series,
        estimates=rules.estimate_distribution.output.estimates,
    output:
        figure=figure_files("F9"),
    log:
        "results/logs/draw_kernels.log",
    benchmark:
        "results/benchmarks/draw_kernels.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=kernel_spec(),
        periods=config["periods"],
    script:
        "../../scripts/draw_kernels.py"


rule draw_pattern:
    """F10: Moran over time and the strip of local Moran."""
    input:
        series=rules.estimate_pattern.output.series,
    output:
        figure=figure_files("F10"),
    log:
        "results/logs/draw_pattern.log",
    benchmark:
        "results/benchmarks/draw_pattern.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=primary_spec("pattern"),
        discovery_rate=(config["estimates"].get("pattern") or [{}])[0].get("discovery_rate", 0.05),
        study=config["study"],
    script:
        "../../scripts/draw_pattern.py"
