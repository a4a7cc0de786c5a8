"""Floor 5, convergence figures. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


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
