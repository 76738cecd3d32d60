"""Every code in the source has a text, whose placeholders are the error's parameters."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_ui.web.errors.describe import TEXTS
from registry_ui.web.errors.parameters import DERIVED

ROOT = Path(__file__).parents[3]
_PLACEHOLDER = re.compile(r"%\((\w+)\)")
_OPTIONS = {"status", "codes", "temporary", "retry_after"}
_CODE = re.compile(r"[a-z][a-z0-9_]+")


def modules():
    for folder in ("registry_ui", "transfers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text())


MODULES = dict(modules())


def error_classes():
    """Return the names of OciError and of everything that derives from it."""
    names, before = {"OciError"}, set()
    while names != before:
        before = set(names)
        for tree in MODULES.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                    bases |= {base.attr for base in node.bases if isinstance(base, ast.Attribute)}
                    if bases & names:
                        names.add(node.name)
    return names


CLASSES = error_classes()
# Their first arguments are not the code, or they give the code themselves.
_CODE_POSITION = {"MirrorInvalid": 1, "InvalidSelection": 1, "Postponed": 1}
_OWN_CODES = {"AmbiguousCredential", "MirrorBusy", "NamingCollision", "OffsetConflict"}


def name_of(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def constants(node: ast.expr) -> list[str]:
    """Return the codes that an expression can be."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    return []


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Yield place, code and parameters of every error that is made with a literal code."""
    for path, tree in MODULES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = name_of(node)
            is_super = name == "__init__" and isinstance(node.func.value, ast.Call)
            if name not in CLASSES - _OWN_CODES and not is_super:
                continue
            position = 0 if is_super else _CODE_POSITION.get(name, 0)
            if len(node.args) <= position:
                continue

            parameters = {keyword.arg for keyword in node.keywords if keyword.arg} - _OPTIONS
            for code in constants(node.args[position]):
                if is_super and not _CODE.fullmatch(str(code)):
                    continue
                yield f"{path.relative_to(ROOT)}:{node.lineno}", code, parameters


# Modules whose codes stand in tables or variables, and the parameters that all of them get.
_CODE_TABLES = {
    "registry_ui/oci/response_codes.py": {
        "host",
        "repository",
        "location",
        "name",
        "http_status",
        "quote",
        "seconds",
    },
    "registry_ui/oci/egress.py": {"host", "scope"},
    "registry_ui/oci/upload_body.py": {"digest"},
    "registry_ui/images/disk.py": {"path", "reason"},
    "registry_ui/images/engines/errors.py": {"engine", "quote"},
    "registry_ui/images/services.py": {"name", "names"},
    "registry_ui/providers/repository_lists.py": {"provider", "cause"},
}


def values_of(node: ast.AST) -> list[ast.expr]:
    """Return the expressions that hold codes: of a table, a variable, a `return` or a call."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        is_table = name.lower().endswith("_codes") and isinstance(node.value, ast.Dict)
        return list(node.value.values) if is_table else [node.value] if name == "code" else []
    if isinstance(node, ast.FunctionDef) and node.name.endswith("_code"):
        returns = [inner for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        return [inner.value for inner in returns if inner.value is not None]
    if isinstance(node, ast.Call) and name_of(node) == "_mismatch":
        return node.args[:1]
    return []


def tabled() -> Iterator[tuple[str, str]]:
    """Yield the module and the code of what stands in a table or variable of those modules."""
    for module in _CODE_TABLES:
        for node in ast.walk(MODULES[ROOT / module]):
            for value in values_of(node):
                yield from ((module, code) for code in constants(value) if code is not None)


def stored() -> Iterator[tuple[str, str, set[str]]]:
    """Yield place, code and parameters of the errors of rows that are written as a dict."""
    for path, tree in MODULES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Dict):
                continue
            entry = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if not {"kind", "code", "parameters"} <= set(entry):
                continue
            parameters = entry["parameters"]
            if not isinstance(parameters, ast.Dict):
                continue
            names = {key.value for key in parameters.keys if isinstance(key, ast.Constant)}
            for code in constants(entry["code"]):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", code, names


def strings_outside_texts() -> set[str]:
    """Return every string of the source but the keys of the texts themselves."""
    return {
        node.value
        for path, tree in MODULES.items()
        if path.parent.name != "errors"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


RAISED = [
    *raised(),
    *stored(),
    *((module, code, _CODE_TABLES[module]) for module, code in tabled()),
]
BY_CODE = defaultdict(list)
for place, code, parameters in RAISED:
    BY_CODE[code].append((place, parameters))


def test_the_source_is_read():
    assert len(RAISED) > 300
    assert {module for module, _code in tabled()} == set(_CODE_TABLES)


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_code_has_a_text_whose_placeholders_are_given(code):
    assert code in TEXTS, BY_CODE[code]
    text = TEXTS[code]
    wanted = set(_PLACEHOLDER.findall(f"{text.sentence} {text.advice or ''}"))
    wanted = {DERIVED.get(name, name) for name in wanted}
    if text.provider_advice:
        wanted.add("host")
    for place, parameters in BY_CODE[code]:
        assert wanted <= parameters, (place, wanted - parameters)


def test_no_text_is_left_over():
    assert set(TEXTS) - strings_outside_texts() == set()
