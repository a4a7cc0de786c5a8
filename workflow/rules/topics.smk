"""Two rules for each topic: its estimates, then all its tables and figures. What they
read stands in topic.yaml.

A topic that says ``chunks: 2`` there has a third one: chunks that run side by side before
its estimates. With ``chunks: 1`` they run only where the command line asks for more.
"""

CHUNKED = {
    name: TOPICS[name].estimate.chunks
    for name in ESTIMATED
    if TOPICS[name].estimate.chunks
}
WORDS = topics.exhibit_words(config)


scattergather:
    **CHUNKED,


def estimate_files(topic):
    """The files that the estimates of a topic make."""
    series = [f"{name}.csv" for name in TOPICS[topic].estimate.series]
    names = ["estimates.csv", *series, "fit.json"]
    return [f"results/estimates/{topic}/{name}" for name in names]


def exhibit_files(topic):
    """The files of each table and figure of a topic that the config asks for."""
    return {name: topics.exhibit_files(name) for name in PLAN.exhibits[topic]}


def schemes_read(folder):
    """The unit schemes whose panel or weights a topic reads."""
    steps = [TOPICS[topic].estimate for topic in ESTIMATED]
    steps += [TOPICS[topic].render for topic in TOPICS if exhibit_files(topic)]
    read = {path for step in steps for path in topics.inputs(config, step)}
    return [
        scheme
        for scheme in SCHEMES
        if any(path.startswith(f"results/{folder}/{scheme}/") for path in read)
    ]


def chunk_file(topic):
    """The file of one chunk of a topic, with the engine's wildcard."""
    return f"results/estimates/{topic}/chunk_{{scatteritem}}.json"


def chunk_files(topic):
    """The chunks that the estimates of a topic join; none where one is all there is."""
    if topic not in CHUNKED:
        return []
    files = getattr(gather, topic)(chunk_file(topic))
    return files if len(files) > 1 or CHUNKED[topic] > 1 else []


for topic in CHUNKED:

    rule:
        name:
            f"chunk_{topic}"
        input:
            topics.inputs(config, TOPICS[topic].estimate),
        output:
            file=chunk_file(topic),
        log:
            f"results/logs/chunk_{topic}_{{scatteritem}}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            topic=topic,
            chunk="{scatteritem}",
            code=code_of("chunk", f"topics/{topic}/estimate.py"),
            config=topics.settings(config, topic, TOPICS[topic].estimate),
        script:
            "../scripts/chunk.py"


def in_report(path, topic):
    """Mark what `snakemake --report` shows: the picture of a figure, the page form of a table."""
    if not path.endswith((".svg", ".html")):
        return path
    caption = workflow.source_path("../caption.rst")
    return report(
        path,
        category=TOPICS[topic].title,
        labels={"exhibit": Path(path).stem, "what": WORDS[Path(path).stem]["title"]},
        caption=caption,
    )


for topic in ESTIMATED:

    rule:
        name:
            f"estimate_{topic}"
        input:
            topics.inputs(config, TOPICS[topic].estimate),
            chunks=chunk_files(topic),
        output:
            files=estimate_files(topic),
        log:
            f"results/logs/estimate_{topic}.log",
        priority: TOPICS[topic].estimate.priority
        conda:
            "../../environment.yml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            topic=topic,
            code=code_of("estimate", f"topics/{topic}/estimate.py"),
            config=topics.settings(config, topic, TOPICS[topic].estimate),
        script:
            "../scripts/estimate.py"


for topic in [name for name in TOPICS if exhibit_files(name)]:

    rule:
        name:
            f"exhibit_{topic}"
        input:
            own=estimate_files(topic) if topic in ESTIMATED else [],
            others=topics.inputs(config, TOPICS[topic].render),
        output:
            [
                in_report(path, topic)
                for files in exhibit_files(topic).values()
                for path in files
            ],
        log:
            f"results/logs/exhibit_{topic}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=1000,
            runtime=30,
        params:
            topic=topic,
            files=exhibit_files(topic),
            study={
                key: name
                for key, name in config["study"].items()
                if key.startswith("zone")
                or key == "names"
                or (key in ("what", "kind") and name)
            },
            auto=[id for id in exhibit_files(topic) if id in config["auto"]],
            titles={id: WORDS[id]["title"] for id in exhibit_files(topic)},
            code=code_of(
                "exhibit", f"topics/{topic}/table.py", f"topics/{topic}/figure.py"
            ),
            config=topics.settings(config, topic, TOPICS[topic].render),
        script:
            "../scripts/exhibit.py"
