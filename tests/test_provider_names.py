"""Names and hosts of providers stand in `registry_ui/providers` and nowhere else in the code."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_ui.providers.catalogue import BUILTIN, GENERAL, PROVIDERS
from registry_ui.providers.provider import Provider

PROJECT = Path(__file__).parent.parent

# A path or folder, and why it may name a provider.
ALLOWED = {
    "registry_ui/providers/": "the place for them",
    "registry_ui/oci/reference.py": "short names are the reference grammar of docker",
    "registry_ui/web/errors/reference.py": "short names are the reference grammar of docker",
    "registry_ui/catalog/artifact_pages/kinds.py": "media types stay with a copied image",
    "registry_ui/tags/suffixes/": "examples of image names",
    "registry_ui/web/guide.py": "the example in the guide",
    "templates/web/guide/": "the guide's prose and examples",
    "templates/web/overview.html": "an example of an image name",
    "templates/web/_reference_analysis.html": "an example of an image name",
}

# First words of names that mean more than the registry.
_GENERAL_WORDS = {"docker", "aws", "google", "azure"}


def texts_of(provider: Provider) -> Iterator[str]:
    """Yield what names a provider: its name, its title, its hosts, the fixed part of patterns."""
    yield from (provider.name, str(provider.title))
    brand = provider.name.partition("_")[0]
    if brand not in _GENERAL_WORDS:
        yield brand

    hosts = {provider.host, provider.api_host(provider.host), *provider.web_hosts}
    for pattern in (*provider.host_patterns, *hosts, *provider.token_hosts(provider.host)):
        yield from (part.strip(".-") for part in pattern.split("*") if len(part) > 5)


NAMES = sorted(
    {
        text
        for provider in PROVIDERS
        if provider not in (BUILTIN, GENERAL)
        for text in texts_of(provider)
        if text
    }
)
PATTERN = re.compile(
    r"(?<![a-z])(?:" + "|".join(map(re.escape, NAMES)) + r")(?![a-z])", re.IGNORECASE
)


def docstring_lines(source: str) -> set[int]:
    """Return the lines of strings that are statements: docstrings are for developers."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def named_in_code(source: str) -> list[str]:
    """Return the identifiers and strings that name a provider, with their lines."""
    skipped = docstring_lines(source)
    return [
        f"{token.start[0]}: {token.string[:80]}"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in (tokenize.NAME, tokenize.STRING)
        and token.start[0] not in skipped
        and PATTERN.search(token.string)
    ]


def named_in_text(source: str) -> list[str]:
    return [
        f"{number}: {line.strip()[:80]}"
        for number, line in enumerate(source.splitlines(), 1)
        if PATTERN.search(line)
    ]


def files() -> Iterator[tuple[str, str]]:
    for pattern in ("registry_ui/**/*.py", "transfers/**/*.py", "templates/**/*.html"):
        for path in sorted(PROJECT.glob(pattern)):
            yield str(path.relative_to(PROJECT)), path.read_text()


def test_no_other_code_names_a_provider():
    found = [
        f"{name}:{place}"
        for name, source in files()
        if not name.startswith(tuple(ALLOWED))
        for place in (named_in_code if name.endswith(".py") else named_in_text)(source)
    ]
    assert found == []


@pytest.mark.parametrize("allowed", ALLOWED)
def test_every_exception_is_still_needed(allowed):
    places = [
        place
        for name, source in files()
        if name.startswith(allowed)
        for place in (named_in_code if name.endswith(".py") else named_in_text)(source)
    ]
    assert places


def test_the_search_finds_names_and_hosts_but_no_comments():
    source = '"""Harbor."""\n# ghcr.io\nx = "harbor"\nDOCKER_HUB = "auth.docker.io"\n'
    assert named_in_code(source) == [
        '3: "harbor"',
        "4: DOCKER_HUB",
        '4: "auth.docker.io"',
    ]
    for host in ("x.dkr.ecr.eu-west-1.amazonaws.com", "a.aliyuncs.com", "eu.gcr.io", "quay.io"):
        assert named_in_text(host), host
    assert named_in_text("harbour, docker, dockerd, google.com") == []
