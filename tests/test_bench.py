"""The benchmarks run rarely, so what they take from the product is checked here."""

import ast
import importlib
import re

import pytest
from django.urls import Resolver404, resolve

from bench import browsing, installation, mirrors, serving

# Code that the benchmarks run in the product's shell.
SNIPPETS = {
    f"{module.__name__}.{name}": value
    for module in (browsing, installation, mirrors, serving)
    for name, value in vars(module).items()
    if isinstance(value, str) and "\nfrom " in value
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_code_of_a_benchmark_imports_what_is_there(name):
    # Values such as `{host!r}` are put in before it runs.
    tree = ast.parse(re.sub(r"\{\w+!r\}", "None", SNIPPETS[name]))
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module} has no {alias.name}"
                modules[alias.name] = getattr(module, alias.name)

    # `service.create_token`: a module may be there without what is called in it.
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            taken_from = modules.get(node.value.id)
            assert taken_from is None or hasattr(taken_from, node.attr), ast.unparse(node)


def test_there_is_code_to_check():
    assert len(SNIPPETS) >= 5


@pytest.mark.parametrize("path", [path for _label, path in browsing.PAGES])
def test_the_measured_pages_exist(path):
    key = "00000000-0000-0000-0000-000000000001"
    address = path.format(tags=key, repositories=key, host="registry.example.com").partition("?")[0]
    try:
        resolve(address)
    except Resolver404:
        pytest.fail(f"{address} is no page")
