"""Make the pictures of the gallery anew: python3 docs/_gallery.py runs each study that
a picture is of. STUDY-FIGURE.png is FIGURE of examples/STUDY, or of this repository.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

for picture in sorted(ROOT.glob("docs/gallery_pictures/*.png")):
    name, figure = picture.stem.rsplit("-", 1)
    study = ROOT / "examples" / name
    if name == "china":
        study = ROOT
    made = study / "results" / "figures" / f"{figure}.png"
    run = [sys.executable, ROOT / "run", "--directory", study, made.relative_to(study)]
    subprocess.run(run, check=True)
    shutil.copyfile(made, picture)
