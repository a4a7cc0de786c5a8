"""Floor 5, specification curves. INPUT: results/estimates/curve/. OUTPUT: results/figures/F20.*."""


rule draw_curve:
    """F20: every defensible specification of the main comparisons at once."""
    input:
        series=rules.estimate_curve.output.series,
        estimates=rules.estimate_curve.output.estimates,
    output:
        figure=figure_files("F20"),
    log:
        "results/logs/draw_curve.log",
    benchmark:
        "results/benchmarks/draw_curve.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("curve"),
        periods=config["periods"],
    script:
        "../../scripts/draw_curve.py"
