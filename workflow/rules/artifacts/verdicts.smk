"""Floor 5, verdicts. INPUT: results/verdicts.json, results/estimates.csv. OUTPUT: results/tables/, results/figures/."""


rule tabulate_verdicts:
    """T0: the verdict on each claim."""
    input:
        library=library("artifacts"),
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
        library=library("artifacts"),
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
