"""From the estimates of all topics to one table, the answers, page, paper and manifest."""

from evenfield.report.exhibits import READ

EXHIBITS = [path for name in SHOWN for path in topics.exhibit_files(name)]
# The records of the studies beside.
BESIDE = [f"results/beside/{study}.json" for study in config["beside"]]
REPORT = {
    "exhibits": [path for path in EXHIBITS if path.endswith(READ)],
    "beside": BESIDE,
    "texts": ancient(list(PLAN.texts)),  # tracked by content
    "ingest": "results/ingest/description.json",
    "panel": f"results/panel/{MAIN_SCHEME}/description.json",
    "units": f"results/panel/{MAIN_SCHEME}/units.csv",
    "sources": "results/ingest/sources.csv",
    "provenance": "results/ingest/panel_provenance.csv",
    # What the sections of topics print.
    "sections": [path for topic in ESTIMATED for path in estimate_files(topic)],
}
PLACES = [
    f"results/panel/{MAIN_SCHEME}/{name}.csv"
    for name in ("panel", "doses", "yearly_cells")
]


# What a selection of one row of the estimates is held against.
SELECTED_BY = ["estimates", "periods", "inference.conf_level", "beside"]


rule collect:
    """Stack the estimates of every topic in one tidy table and adjust for how many were made."""
    input:
        families=expand(
            "results/estimates/{topic}/estimates.csv",
            topic=sorted(config["estimates"]),
        ),
    output:
        estimates="results/estimates.csv",
    log:
        "results/logs/collect.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("collect"),
        primary={
            name: item["primary"]
            for name, item in config["answers"].get("hypotheses", {}).items()
        },
    script:
        "../scripts/collect.py"


rule answer:
    """Answer every claim of claims.yaml by one rule."""
    input:
        estimates=rules.collect.output.estimates,
        description="results/ingest/description.json",
        beside=BESIDE,
    output:
        answers="results/answers.csv",
        content="results/answers.json",
    log:
        "results/logs/answer.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("answer"),
        config=topics.part(config, ["answers", *SELECTED_BY]),
    script:
        "../scripts/answer.py"


rule name_numbers:
    """Give every number that the texts print by name its value, as prose and as TeX."""
    input:
        estimates=rules.collect.output.estimates,
        beside=BESIDE,
        files=sorted(
            {
                f"results/{number['file']}"
                for number in config.get("numbers", {}).values()
                if "file" in number
            }
        ),
    output:
        content="results/numbers.json",
        macros="results/numbers.tex",
    log:
        "results/logs/name_numbers.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("name_numbers"),
        config=topics.part(config, ["numbers", "answers", *SELECTED_BY]),
    script:
        "../scripts/name_numbers.py"


rule page:
    """The page, one file that works offline, and the page of all tables and figures."""
    input:
        **REPORT,
        places=[*PLACES, "results/ingest/outlines.geojson"],
        estimates=rules.collect.output.estimates,
        answers=rules.answer.output,
        numbers=rules.name_numbers.output.content,
    output:
        page="results/report/index.html",
        tables="results/report/tables.html",
    log:
        "results/logs/page.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("page", *REPORT_FILES),
        data_hash=hash_of(PLAN.texts),
        config=config,
        scripts=MADE_BY,
    script:
        "../scripts/page.py"


rule paper:
    """Paper and appendix, their Typst sources and their references, the paper in LaTeX."""
    input:
        **REPORT,
        places=[*PLACES, "results/ingest/outlines.geojson"],
        estimates=rules.collect.output.estimates,
        answers=rules.answer.output,
        numbers=rules.name_numbers.output.content,
    output:
        papers=expand("results/report/{name}.pdf", name=["paper", "appendix"]),
        sources=expand("results/report/{name}.typ", name=["paper", "appendix"]),
        references="results/report/references.bib",
        map="results/report/map.svg",
        latex="results/report/latex/paper.tex",
        parts=topics.latex_files(SHOWN),
    log:
        "results/logs/paper.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_of("paper", *REPORT_FILES),
        data_hash=hash_of(PLAN.texts),
        config=config,
        scripts=MADE_BY,
    script:
        "../scripts/paper.py"


# The tables between data and results.
STEPS = sorted(
    {
        *rules.ingest.output,
        *expand(rules.build_panel.output, scheme=schemes_read("panel")),
        *expand(rules.build_weights.output, scheme=schemes_read("weights")),
        *(path for topic in ESTIMATED for path in estimate_files(topic)),
        *rules.name_numbers.input.files,
    }
)


rule manifest:
    """Hashes of inputs and results, without a clock; the line by which the run is cited."""
    input:
        ingest="results/ingest/description.json",
        files=[
            *EXHIBITS,
            *BESIDE,
            rules.collect.output.estimates,
            *rules.answer.output,
            *rules.name_numbers.output,
            *rules.page.output,
            *rules.paper.output,
        ],
        steps=STEPS,
    output:
        manifest="results/manifest.json",
        citation="results/citation.txt",
    log:
        "results/logs/manifest.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code_of("manifest"),
        config=config,
        scripts=MADE_BY,
    script:
        "../scripts/manifest.py"


OUTPUTS = [
    *(path for topic in CHUNKED for path in chunk_files(topic)),
    *rules.manifest.input,
    *rules.manifest.output,
]
