"""Floor 4, specification curves, in chunks. INPUT: results/panel/, results/weights/. OUTPUT: results/estimates/curve/."""


scattergather:
    curve=4,


rule estimate_curve_draws:
    """One chunk of the specification curves, on the data and under permuted treatments."""
    input:
        periods=per_scheme("results/panel/{scheme}/periods.csv"),
        panels=per_scheme("results/panel/{scheme}/panel.csv"),
        cells=per_scheme("results/panel/{scheme}/cells.csv"),
        units=per_scheme("results/panel/{scheme}/units.csv"),
        descriptions=per_scheme("results/panel/{scheme}/description.json"),
        weights=per_scheme(rules.build_weights.output.edges),
        weights_descriptions=per_scheme(rules.build_weights.output.descriptions),
    output:
        draws="results/estimates/curve/draws_{scatteritem}.csv",
        specifications="results/estimates/curve/specifications_{scatteritem}.csv",
    log:
        "results/logs/estimate_curve_draws_{scatteritem}.log",
    benchmark:
        "results/benchmarks/estimate_curve_draws_{scatteritem}.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("curve"),
        study=CURVE_STUDY,
        inference=config["inference"],
        chunk="{scatteritem}",
    script:
        "../../scripts/estimate_curve_draws.py"


rule estimate_curve:
    """Specification curves and their joint tests, gathered from all chunks."""
    input:
        draws=gather.curve("results/estimates/curve/draws_{scatteritem}.csv"),
        specifications=gather.curve("results/estimates/curve/specifications_{scatteritem}.csv"),
        description=main_scheme("results/panel/{scheme}/description.json"),
    output:
        estimates="results/estimates/curve/estimates.csv",
        series="results/estimates/curve/series.csv",
        fit="results/estimates/curve/fit.json",
    log:
        "results/logs/estimate_curve.log",
    benchmark:
        "results/benchmarks/estimate_curve.tsv"
    conda:
        "../../../environment.yml"
    params:
        spec=config["estimates"].get("curve"),
        study=CURVE_STUDY,
    script:
        "../../scripts/estimate_curve.py"
