"""Labels of rows behind other texts: what is compared with a label as a whole finds it,
and what takes its text apart finds nothing in it. Labels stand in the order of what they
mean, in which tables print them.
"""

import random
import re
import string

import numpy as np
import pandas as pd

# Columns of the estimates that hold labels.
LABELS = ("estimator", "period", "sample_id", "term", "role", "warning")
OPENING = "zq"  # of each text that stands for a label, and of no word
LETTERS = 7  # behind it
TEXT = re.compile(f"{OPENING}[a-z]{{{LETTERS}}}", re.IGNORECASE)


class Label(str):
    """A label: equal to what it means, and to nothing else; its text is another one."""

    # numpy asks the label, and does not read its text.
    __array_ufunc__ = None
    meant: str

    def __new__(cls, text, meant):
        label = super().__new__(cls, text)
        label.meant = meant
        return label

    def __eq__(self, other):
        if isinstance(other, np.ndarray):
            equal = [self == one for one in other.ravel()]
            return np.array(equal, dtype=bool).reshape(other.shape)
        return self.meant == (other.meant if isinstance(other, Label) else other)

    def __ne__(self, other):
        equal = self == other
        return ~equal if isinstance(equal, np.ndarray) else not equal

    def __hash__(self):
        return hash(self.meant)

    def __lt__(self, other):
        return self.meant < (other.meant if isinstance(other, Label) else other)

    def __gt__(self, other):
        return self.meant > (other.meant if isinstance(other, Label) else other)

    def __le__(self, other):
        return self == other or self < other

    def __ge__(self, other):
        return self == other or self > other

    def __str__(self):
        return self


class Texts:
    """A text for each label, drawn at random, and no text twice."""

    def __init__(self, labels, seed=1):
        draw = random.Random(seed)
        labels = sorted({*labels} - {""})
        texts = set()
        while len(texts) < len(labels):
            letters = draw.choices(string.ascii_lowercase, k=LETTERS)
            texts.add(OPENING + "".join(letters))
        self.text_of = dict(
            zip(labels, draw.sample(sorted(texts), len(labels)), strict=True)
        )
        self.label_of = {text: label for label, text in self.text_of.items()}

    def hide(self, frame):
        """Return rows with each label behind its text; a blank stays one."""
        columns = {}
        for name in LABELS:
            labels = [
                Label(self.text_of[one], one) if one else one for one in frame[name]
            ]
            columns[name] = pd.Series(labels, index=frame.index, dtype=object)
        return frame.assign(**columns)

    def read_back(self, text):
        """Return a text with the labels in the place of what stands for them."""
        return TEXT.sub(lambda found: self._label(found[0]), text)

    def _label(self, text):
        label = self.label_of.get(text.lower(), text)
        # A heading begins with a capital.
        return label[:1].upper() + label[1:] if text[0].isupper() else label
