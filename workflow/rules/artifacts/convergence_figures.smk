"""Floor 5, convergence figures. INPUT: results/estimates/, results/panel/. OUTPUT: results/tables/, results/figures/."""


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
