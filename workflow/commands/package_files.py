"""Which files a replication archive takes: the study's config, described data and texts,
its published results, and the code of this repository, each by name.

Nothing is taken because it lies in a folder: what an author did not describe stays where
it is, and so does a file that a link brings in from elsewhere. No program is asked.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.report.manifest import read_manifest
from evenfield.shared.second_studies import in_study, second_configs
from evenfield.study.config_files import PARTS
from evenfield.study.errors import ReportError, first_examples
from evenfield.study.files import MADE_FOLDERS, described_files, text_files
from study import REPOSITORY

OWN_README = "README-evenfield.md"
CODE_FILES = (
    "run Snakefile Dockerfile LICENSE CITATION.cff CHANGELOG.md CONTRIBUTING.md"
    " mkdocs.yml pyproject.toml environment.yml requirements.in requirements.lock"
    " requirements-test.in requirements-test.lock .ci/run .dockerignore"
    " .github/workflows/ci.yml .gitignore .pre-commit-config.yaml"
    " .snakemake-workflow-catalog.yml"
).split()
CODE_FOLDERS = ("config", "docs", "workflow")
OWN_FOLDERS = ("benchmarks", "examples", "tests")  # of the repository's own study only
# Endings of code and its data; anything else below these folders is not taken.
CODE_ENDINGS = (
    ".bib .css .csv .geojson .j2 .js .json .md .png .py .rst .smk .toml .txt .typ"
    " .typed .yaml .yml"
).split()


@dataclass(frozen=True)
class Taken:
    """The files of an archive: where they are, by their name in it."""

    config: dict[str, Path]
    data: dict[str, Path]
    texts: dict[str, Path]
    code: dict[str, Path]
    results: dict[str, Path]
    not_taken: list[str]  # files of the study

    def files(self) -> dict[str, Path]:
        """Return all files by their name in the archive."""
        return self.code | self.config | self.data | self.texts | self.results

    def lines(self) -> Iterator[str]:
        """Yield what was taken and what was not, for the author to read."""
        for kind in ("config", "data", "texts"):
            names = list(getattr(self, kind))
            yield f"{kind:<8} {', '.join(names) or 'none'}"
        yield f"code     {len(self.code)} files of evenfield"
        yield f"results  {len(self.results)} files that results/manifest.json names"
        yield f"not taken  {first_examples(self.not_taken, 8) or 'nothing'}"


def files_to_take(
    config: Mapping[str, Any],
    published: Iterable[str],
    prefix: str | None = None,
    target: str = "published/",
) -> Taken:
    """Return the files of the study in the current folder, whose published results are
    named, and of those beside it; their names in the archive begin with ``prefix``, by
    default ``study/`` or nothing for the repository's own study, and with ``target``.
    """
    study = Path.cwd()
    is_own = study == REPOSITORY
    if prefix is None:
        prefix = "" if is_own else "study/"
    files = dict[str, dict[str, Path]]()
    for kind, paths in study_files(config).items():
        files[kind] = {}
        for path in sorted(set(paths)):
            files[kind][prefix + path_in_archive(path, study)] = study / path
    # The folder of results may be a link itself; nothing in it may lead out of it.
    results = Path("results").absolute()
    folder = results.resolve()
    files["results"] = {
        target + path_in_archive(Path(name), folder): results / name
        for name in published
    }
    for name, other in second_configs(config).items():
        place = config["beside"][name]
        with in_study(place):
            names = read_manifest(Path("results"))["results"]
            beside = files_to_take(
                other,
                published=[*names, "manifest.json"],
                prefix=f"{prefix}{place}/",
                target=f"{target}beside/{name}/",
            )
        for kind in files:
            files[kind] |= getattr(beside, kind)
    taken = {path.resolve() for paths in files.values() for path in paths.values()}
    return Taken(
        **files,
        code=code_files(is_own),
        not_taken=sorted(files_not_taken(study, taken, is_own)),
    )


def study_files(config: Mapping[str, Any]) -> dict[str, Iterable[Path]]:
    """Return config, data and texts of the study in the current folder, by kind."""
    package = Path(config["data"]["package"])
    families = config["weights"]["families"].values()
    weights = [Path(family["path"]) for family in families if "path" in family]
    # What an author says of the data, beside the dictionary; not the study's own README.
    notes = package.with_name("README.md")
    has_notes = notes != Path("README.md") and notes.is_file()
    return {
        "config": filter(Path.is_file, config_files()),
        "data": [*described_files(package), *weights, *([notes] if has_notes else [])],
        "texts": text_files(),
    }


def config_files() -> list[Path]:
    """Return the files in which the config of a study may stand."""
    return [Path("config.yaml"), *map(Path, PARTS.values())]


def path_in_archive(path: Path, folder: Path) -> str:
    """Return the name of a file within its folder, which neither ``..`` nor a link may
    leave.
    """
    target = (folder / path).resolve()
    # Without ``..``, with links as they are: resolving would rename what a link is to.
    written = Path(os.path.normpath(folder / path))
    leaves = not written.is_relative_to(folder)
    if leaves or not target.is_relative_to(folder.resolve()):
        raise ReportError(
            f"{path} leads out of {folder.name}, to {target}",
            "a file that lies in the study, for the archive is public",
            "copy it there, or leave it out",
        )
    if not target.is_file():
        raise ReportError(
            f"no file {path}", "every file that the study names", "put it back"
        )
    return written.relative_to(folder).as_posix()


def code_files(is_own: bool) -> dict[str, Path]:
    """Return the files of the program by their names in the archive, from a clone or
    from an unpacked archive; with those of its own study if that is archived.
    """
    folders = (*CODE_FOLDERS, *OWN_FOLDERS) if is_own else CODE_FOLDERS
    files = [REPOSITORY / name for name in CODE_FILES]
    for folder in folders:
        files += [
            path
            for path in files_below(REPOSITORY / folder)
            if path.suffix in CODE_ENDINGS or path.name == "Snakefile"
        ]
    names = {
        path.relative_to(REPOSITORY).as_posix(): path
        for path in files
        if path.is_file() and path.resolve().is_relative_to(REPOSITORY)
    }
    # In an unpacked archive README.md is written for data editors, ours is beside it.
    own_readme = REPOSITORY / OWN_README
    readme = own_readme if own_readme.is_file() else REPOSITORY / "README.md"
    return {**names, OWN_README: readme}


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, without hidden ones and what a run makes."""
    for top, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in MADE_FOLDERS
        ]
        yield from (Path(top, name) for name in files if not name.startswith("."))


def files_not_taken(study: Path, taken: set[Path], is_own: bool) -> Iterator[str]:
    """Yield the files of a study that are not among those taken; in the repository the
    study is data and texts.
    """
    for folder in [study / "data", study / "text"] if is_own else [study]:
        for path in files_below(folder):
            if path.resolve() not in taken:
                yield path.relative_to(study).as_posix()
    if not is_own:
        # Hidden files are named only: they may hold what is nobody else's business.
        hidden = (path for path in study.glob(".*") if path.is_file())
        yield from (path.name for path in hidden)
