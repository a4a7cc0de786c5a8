"""Read config.yaml and the parts of it that stand in files of their own, as plain data.

A key written twice, anchors that grow without end and letters that nobody sees are
refused here, before anything looks at what the keys mean.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from evenfield.study import letters
from evenfield.study.errors import ConfigError, Faults
from evenfield.study.files import Record
from evenfield.study.merging import MOST_VALUES, merged, whole_claims, whole_numbers

TODO = "TODO"  # what `run new` writes where it cannot know
LARGEST = 5_000_000  # bytes of a file
PARTS = {
    "estimates": "estimates.yaml",
    "answers": "claims.yaml",
    "numbers": "numbers.yaml",
}
# Parts whose entries may be like others.
WHOLE: dict[str, Callable[[Record], dict[str, Any]]] = {
    "answers": whole_claims,
    "numbers": whole_numbers,
}


class _OneKeyOnce(yaml.CSafeLoader):
    """A safe loader that refuses a key written twice, where YAML silently keeps the
    last, and runaway anchors.
    """

    def get_single_node(self) -> yaml.Node | None:
        """Count what the anchors repeat before anything is built from it."""
        node = super().get_single_node()
        if node is not None and _size(node, {}, ()) > MOST_VALUES:
            raise yaml.constructor.ConstructorError(
                None, None, "anchors that grow to too many values", node.start_mark
            )
        return node

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[object, object]:
        """Refuse a repeated key, then build the mapping as usual."""
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' twice", key.start_mark
                )
        return super().construct_mapping(node, deep)


def _size(
    node: yaml.Node, known: dict[yaml.Node, int], trail: tuple[yaml.Node, ...]
) -> int:
    # An alias inside its own anchor would be walked without end.
    if node in trail:
        raise yaml.constructor.ConstructorError(
            None, None, "an anchor that holds itself", node.start_mark
        )
    if not isinstance(node, yaml.CollectionNode):
        return 1
    # Each anchor is measured once and counted wherever it stands again.
    if node not in known:
        inside = node.value
        parts = [
            part
            for item in inside
            for part in (item if isinstance(item, tuple) else (item,))
        ]
        known[node] = 1 + sum(_size(part, known, (*trail, node)) for part in parts)
    return known[node]


def read_config(path: str | Path) -> dict[str, object]:
    """Read a config file as plain data with the parts of it that stand in files of
    their own beside it.
    """
    faults = Faults()
    content = dict[str, Any]()
    with faults.caught():
        content = read_mapping(Path(path))
    for key, name in PARTS.items():
        beside = Path(path).with_name(name)
        if beside.exists() and key not in content:
            with faults.caught():
                content[key] = WHOLE.get(key, dict)(read_mapping(beside))
    faults.refuse()
    return content


def study_config(
    over: Mapping[str, object] | None = None, path: str | Path = "config.yaml"
) -> dict[str, object]:
    """Read a study's config, in which keys of ``over`` win; a whole config, as of a
    module, stands for itself.
    """
    over = over or {}
    whole = {"study", "data", "panel", "periods"} <= set(over)
    return merged({} if whole else read_config(path), over)


def _refuse_hidden(path: Path, hidden: str) -> None:
    if hidden:
        raise ConfigError(f"{path} {hidden}", letters.EXPECTED, letters.ACTION)


def read_mapping(path: Path) -> dict[str, object]:
    """Read one YAML file as plain data."""
    content, _ = _read(path)
    if not isinstance(content, dict):
        raise ConfigError(
            f"{path} holds no mapping",
            "keys such as study, data, panel",
            "see docs/config.md",
        )
    return content


def read_list(path: Path) -> list[tuple[int, object]]:
    """Read one YAML file that is a list: each entry as plain data, behind the number of
    its line.
    """
    content, node = _read(path)
    if content is None:  # nothing but comments
        return []
    if not isinstance(content, list) or not isinstance(node, yaml.SequenceNode):
        raise ConfigError(
            f"{path} holds no list",
            "entries that begin with a dash",
            "see docs/prose.md",
        )
    lines = [entry.start_mark.line + 1 for entry in node.value]
    return list(zip(lines, content, strict=True))


def _read(path: Path) -> tuple[object, yaml.Node | None]:
    """Read one YAML file as plain data, and as the node that knows its lines."""
    if not path.exists():
        action = "run from the study's folder or name it with --directory"
        raise ConfigError(
            f"no file {path}", "a config.yaml in the study's folder", action
        )
    if not path.is_file() or path.stat().st_size > LARGEST:
        expected = f"a file of at most {LARGEST // 1_000_000} MB"
        raise ConfigError(
            f"{path} is no file that can be read", expected, "correct or remove it"
        )
    try:
        text = path.read_text(encoding="utf-8")
        # Twice: as written, and after escapes such as "\u202e" have become letters.
        _refuse_hidden(path, letters.hidden_letter(text))
        loader = _OneKeyOnce(text)
        node = loader.get_single_node()
        content = None if node is None else loader.construct_document(node)
        _refuse_hidden(path, letters.hidden_value(content))
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path} is not UTF-8", "a UTF-8 file", "save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror})",
            "a file you may read",
            "permit it",
        ) from None
    except (
        yaml.YAMLError,
        ValueError,
        ArithmeticError,
        AttributeError,
        RecursionError,
    ) as error:
        fault = f"{path} is not YAML ({' '.join(str(error).split())[:160]})"
        raise ConfigError(fault, "valid YAML", "correct the line named") from None
    return content, node
