"""Write results/replication.zip: code, data, environment, published results, and a
README for data editors.
"""

import ast
import hashlib
import json
import re
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from command_line import CommandLine
from evenfield.report.bibliography import read_references
from evenfield.report.exhibits import TEMPLATES, words_of_exhibits
from evenfield.report.manifest import (
    config_hash,
    file_hash,
    read_manifest,
    unlike_the_run,
)
from evenfield.shared.left_out import left_out_parts
from evenfield.shared.second_studies import in_study
from evenfield.shared.topics import read_topics
from evenfield.study.config import checked_config
from evenfield.study.config_files import study_config
from evenfield.study.errors import ReportError, first_examples
from evenfield.study.files import beside
from evenfield.study.ingest.dictionary import public_dictionary
from evenfield.study.ingest.study_tables import describe_study, read_study
from package_files import files_to_take
from study import REPOSITORY, run_command

ARCHIVE = Path("results/replication.zip")
# The earliest time that a ZIP file can hold, so that bytes depend on content only.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
SOURCE_COLUMNS = ("source citation vintage licence redistribution url_or_note").split()
# Who made a study that does not say it; nobody else is credited with it.
NOBODY = "TODO: who made this study (study.author in config.yaml)"
FILE_NAME = re.compile(
    r".*\.(csv|tsv|txt|xlsx?|dta|sav|parquet|(geo|topo)?json|shp|zip|gz)", re.IGNORECASE
)
# The first that is there.
REFERENCES = ("text/references.bib", "results/report/references.bib")


def package(config: dict) -> None:
    """Gather the files of a finished study, describe them and write one archive."""
    study = Path.cwd()
    manifest = finished_run(config)
    for folder in config["beside"].values():
        with in_study(folder):
            finished_run(left_out_parts(checked_config(study_config())))
    taken = files_to_take(config, (*manifest["results"], "manifest.json"))
    described = public_dictionary(config["data"]["package"])
    # The archive of another study holds this program at its top and the study below.
    prefix = "" if study == REPOSITORY else "study/"
    content = {name: path.read_bytes() for name, path in taken.files().items()}
    content["README.md"] = describe(
        config, manifest, described, prefix, content
    ).encode()
    content[".zenodo.json"] = zenodo(config, manifest, described).encode()
    lines = ["path,bytes,sha256"]
    for name, file in sorted(content.items()):
        lines.append(f"{name},{len(file)},{hashlib.sha256(file).hexdigest()}")
    content["MANIFEST.csv"] = "\n".join([*lines, ""]).encode()
    write_archive(f"evenfield-{config['study']['id']}", content)
    print(*taken.lines(), sep="\n")
    if NOBODY.encode() in content[".zenodo.json"]:
        print("author   none: name who made the study, study.author in config.yaml")
    print(
        f"{ARCHIVE}: {len(content)} files, {ARCHIVE.stat().st_size / 1e6:.1f} MB,"
        f" sha256 {file_hash(ARCHIVE)[:12]}"
    )


def write_archive(folder: str, content: dict[str, bytes]) -> None:
    """Write files below one folder in order of their names, without clock and rights of
    this machine.
    """
    with beside(ARCHIVE) as part, zipfile.ZipFile(part, "w") as archive:
        for name, file in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", ZIP_TIME)
            rights = 0o100755 if file.startswith(b"#!") else 0o100644
            entry.external_attr = rights << 16  # where Unix rights stand in a ZIP
            archive.writestr(entry, file, zipfile.ZIP_DEFLATED, 9)


def finished_run(config: dict) -> dict:
    """Return the manifest of the study's results, which must be whole and those of this
    config and data.
    """
    results = Path("results")
    again = "run the study (`python3 run`), then package it"
    manifest = read_manifest(results)
    if not manifest:
        raise ReportError("no results/manifest.json", "a finished run", again)
    absent, changed = unlike_the_run(results, manifest["results"])
    if absent:
        names = first_examples([f"results/{name}" for name in absent])
        fault = f"{len(absent)} results are missing: {names}"
        raise ReportError(fault, "a finished run", again)
    if config_hash(config) != manifest["config_hash"]:
        changed.append("config.yaml")
    data_hash = describe_study(read_study(config))["data_hash"]
    if data_hash != manifest["data"]["data_hash"]:
        changed.append("data")
    if changed:
        fault = f"{first_examples(changed)} changed since the run"
        raise ReportError(fault, "results of these inputs", again)
    return manifest


def zenodo(config: dict, manifest: dict, described: dict) -> str:
    """Return the metadata of a deposit at Zenodo: of the study by its author; those of
    the program sign its own studies alone.
    """
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text("utf-8"))
    study = config["study"]
    author = study.get("author")
    creators = [author or NOBODY]
    own = Path.cwd() == REPOSITORY
    if not author and (own or Path.cwd().parent == REPOSITORY / "examples"):
        creators = list(map(name_of, cited["authors"]))
    licences = [
        item.get("title") or item.get("name") or item.get("path")
        for item in described.get("licenses", [])
    ]
    of_data = ", ".join(filter(None, licences)) or "as the README says by source"
    # The keywords of the program are those of the study that it was written for.
    keywords = [
        "convergence",
        "regional growth",
        study["units_name"],
        "reproducibility",
    ]
    metadata = {
        "title": f"Replication package: {study['title']}",
        "description": f"{study['question']} {manifest['citation']}",
        "upload_type": "dataset",
        "access_right": "open",
        "creators": [{"name": name} for name in creators],
        "keywords": cited["keywords"] if own else keywords,
        "license": cited["license"],
        "notes": f"Licence of the code: {cited['license']}. Of the data: {of_data}.",
        "version": manifest["package"]["version"],
    }
    return json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"


def name_of(author: dict) -> str:
    """Return the name of a person as "Family, Given", or that of a group."""
    family = " ".join(filter(None, map(author.get, ("name-particle", "family-names"))))
    return author.get("name") or ", ".join(
        filter(None, [family, author.get("given-names")])
    )


def with_blanks(dictionary: dict, title: str) -> dict:
    """Return the dictionary with blanks where it leaves out what the README prints."""
    blank = {"name": "", "title": "", "path": ""}
    lists = {
        key: [{**blank, **entry} for entry in dictionary.get(key, [])]
        for key in ("sources", "licenses", "resources")
    }
    for source in lists["sources"]:
        # A table whose source nobody gave is called by its file.
        if FILE_NAME.fullmatch(source["title"]):
            source["title"] += (
                ": TODO: say whose figures these are, with year and address"
            )
    return {"title": title, "description": "", **dictionary, **lists}


def describe(
    config: dict,
    manifest: dict,
    described: dict,
    prefix: str,
    content: dict[str, bytes],
) -> str:
    """Return the README: everything in it is read from the study's own lists."""
    scripts = {}
    for name in sorted(content):
        if fnmatch(name, "workflow/scripts/*.py"):
            scripts[name] = ast.get_docstring(ast.parse(content[name]))
    topics = {
        name: topic
        for name, topic in read_topics().items()
        if not topic.estimate or name in config["estimates"]
    }
    sources = Path(config["data"]["package"]).with_name("sources.csv")
    source_rows = []
    if f"{prefix}{sources.as_posix()}" in content:
        table = pd.read_csv(sources, dtype=str, keep_default_na=False)
        table = table.reindex(columns=SOURCE_COLUMNS, fill_value="")
        source_rows = table.to_dict("records")
    references = []
    for path in filter(Path.is_file, map(Path, REFERENCES)):
        references = sorted(item.text for item in read_references(path).values())
        break
    resources = described.get("resources", [])
    fields = [len(item.get("schema", {}).get("fields", [])) for item in resources]
    counts = manifest["data"]["tables"]
    exhibits = manifest["exhibits"]
    exhibit_files = set[str]()
    for item in exhibits.values():
        exhibit_files |= set(item["files"])
    asked_for = (*config["tables"], *config["figures"])
    lock = content["requirements.lock"].decode()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = table_cell
    return environment.get_template("replication.md.j2").render(
        config=config,
        manifest=manifest,
        package=with_blanks(described, config["study"]["title"]),
        prefix=prefix,
        data=f"{prefix}{sources.parent.as_posix()}",
        content=content,
        scripts=scripts,
        topics=topics,
        tables=sorted(item["path"] for item in resources),
        rows=f"{sum(table['rows'] for table in counts.values()):,}",
        columns=sum(fields),
        programs=sum(bool(topic.estimate) for topic in topics.values()),
        titles={
            name: words["title"] for name, words in words_of_exhibits(config).items()
        },
        shown=[name for name in asked_for if name in exhibits],
        exhibited=exhibit_files,
        project=project["project"],
        size=sum(map(len, content.values())) / 1e6,
        sources=source_rows,
        references=references,
        pins=len(re.findall("^[^ #].*==", lock, re.M)),
    )


def table_cell(text: object) -> str:
    """Return a text as a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


if __name__ == "__main__":
    parser = CommandLine("package", __doc__, "package --directory ../mexico")
    parser.add_argument(
        "--directory",
        default=str(REPOSITORY),
        metavar="DIR",
        help="the study's folder (default: this repository)",
    )
    parser.set_defaults(configfile=[])
    run_command(parser.parse_args(), package)
