"""Floor 5, verdicts. INPUT: results/verdicts.json, results/estimates.csv. OUTPUT: results/tables/, results/figures/."""


rule tabulate_verdicts:
    """T0: the verdict on each claim."""
    input:
        verdicts=rules.judge_claims.output.verdicts,
        content=rules.judge_claims.output.content,
    output:
        table=table_files("T0"),
    log:
        "results/logs/tabulate_verdicts.log",
    benchmark:
        "results/benchmarks/tabulate_verdicts.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
    script:
        "../../scripts/tabulate_verdicts.py"


rule tabulate_untestable:
    """T0b: claims that the panel cannot decide."""
    input:
        verdicts=rules.judge_claims.output.verdicts,
        content=rules.judge_claims.output.content,
    output:
        table=table_files("T0b"),
    log:
        "results/logs/tabulate_untestable.log",
    benchmark:
        "results/benchmarks/tabulate_untestable.tsv"
    conda:
        "../../../environment.yml"
    script:
        "../../scripts/tabulate_untestable.py"


rule tabulate_influence:
    """T28: the deciding estimates without one unit or a pair."""
    input:
        estimates=rules.collect_estimates.output.estimates,
        rows=rules.judge_claims.output.rows,
    output:
        table=table_files("T28"),
    log:
        "results/logs/tabulate_influence.log",
    benchmark:
        "results/benchmarks/tabulate_influence.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
    script:
        "../../scripts/tabulate_influence.py"


rule draw_power:
    """F21: estimates against the smallest effects of interest and those the design could see."""
    input:
        rows=rules.judge_claims.output.rows,
    output:
        figure=figure_files("F21"),
    log:
        "results/logs/draw_power.log",
    benchmark:
        "results/benchmarks/draw_power.tsv"
    conda:
        "../../../environment.yml"
    params:
        periods=config["periods"],
    script:
        "../../scripts/draw_power.py"
