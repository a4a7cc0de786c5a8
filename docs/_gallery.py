"""Make the pictures of the gallery anew: python3 docs/_gallery.py runs each study that
a picture is of. STUDY-FIGURE.png is FIGURE of examples/STUDY, or of this repository;
STUDY-page.png is the first screen of its page, as Chromium shows it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SCREEN = "1280,960"


def run_study(study: Path, *targets: Path) -> None:
    """Run a study, or as much of it as the targets need."""
    words = [target.relative_to(study) for target in targets]
    run = [sys.executable, ROOT / "run", "--directory", study, *words]
    subprocess.run(run, check=True)


def take_picture(page: Path, picture: Path) -> None:
    """Write the first screen of a page."""
    browser = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars"]
    options = [f"--window-size={SCREEN}", f"--screenshot={picture}"]
    subprocess.run([*browser, *options, page.as_uri()], check=True)


for picture in sorted(ROOT.glob("docs/gallery_pictures/*.png")):
    name, figure = picture.stem.rsplit("-", 1)
    study = ROOT / "examples" / name
    if name == "china":
        study = ROOT
    if figure == "page":
        run_study(study)
        take_picture(study / "results" / "report" / "index.html", picture)
    else:
        made = study / "results" / "figures" / f"{figure}.png"
        run_study(study, made)
        shutil.copyfile(made, picture)
