"""The stylesheet and the script of the pages: one file each, joined from the sources in `static/`.

A page then needs two requests instead of some forty. The finder below makes the files for
`collectstatic`, which hashes and compresses them, and for a server that has not collected any.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage
from django_htmx import __file__ as django_htmx_file

STYLESHEET, SCRIPT = "site.css", "site.js"

# By cascade layer, the weakest first: a page wins over a component whatever their selectors are
# (https://www.w3.org/TR/css-cascade-5/#layering).
LAYERS: dict[str, tuple[str, ...]] = {
    "base": ("tokens", "base"),
    "components": (
        "forms",
        "components",
        "tables",
        "marks",
        "floating",
        "reference",
        "tag-name",
    ),
    "layout": ("layout", "navigation", "search"),
    "pages": (
        "guide",
        "images",
        "registries",
        "browse",
        "artifact",
        "storage",
        "transfers",
        "mirrors",
        "people",
        "audit-log",
        "security",
        "sharing",
    ),
}
# Browsers do not know them yet (https://www.w3.org/TR/mediaqueries-5/#custom-mq).
_CUSTOM_MEDIA = re.compile(r"@custom-media\s+(--[a-z-]+)\s+([^;]+);\n?")
_SOURCE_FOLDERS = ("css", "js")


class SiteFinder(FileSystemFinder):
    """A finder of `static/` with the joined files in place of their sources."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._joined = FileSystemStorage(location=settings.STATIC_BUNDLES)

    def find(self, path: str, *args: Any, **kwargs: Any) -> Any:
        if path not in (STYLESHEET, SCRIPT):
            return super().find(path, *args, **kwargs)
        # Joined again for each request where nothing was collected, so that a change shows.
        write_bundles()
        found = str(settings.STATIC_BUNDLES / path)
        is_all = kwargs.get("find_all") or kwargs.get("all")
        return [found] if is_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        sources = [f"{folder}/*" for folder in _SOURCE_FOLDERS]
        yield from super().list([*(ignore_patterns or []), *_SOURCE_FOLDERS, *sources])
        write_bundles()
        for name in (STYLESHEET, SCRIPT):
            yield name, self._joined


def write_bundles() -> None:
    """Write the joined files where they have changed; several processes may do so at once."""
    settings.STATIC_BUNDLES.mkdir(parents=True, exist_ok=True)
    for name, content in ((STYLESHEET, join_styles()), (SCRIPT, join_scripts())):
        path = settings.STATIC_BUNDLES / name
        if not path.exists() or path.read_text() != content:
            partial = path.with_name(f"{name}.{os.getpid()}")
            partial.write_text(content)
            partial.rename(path)


def join_styles() -> str:
    """Return all styles in their layers, with the names of breakpoints replaced.

    Raises:
        ValueError: a style names a breakpoint that no token defines.
    """
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer, names in LAYERS.items():
        styles = "\n".join(_read("css", name) for name in names)
        parts.append(f"@layer {layer} {{\n{styles}}}")
    joined = "\n".join(parts)

    breakpoints = dict(_CUSTOM_MEDIA.findall(joined))
    joined = _CUSTOM_MEDIA.sub("", joined)
    for name, query in breakpoints.items():
        joined = joined.replace(f"({name})", query)

    unknown = re.search(r"@media[^{]*\((--[a-z-]+)\)", joined)
    if unknown:
        raise ValueError(f"No token defines the breakpoint {unknown[1]}.")
    return f"{joined}\n"


def join_scripts() -> str:
    """Return htmx and all scripts; each of them is a function of its own, so no name clashes."""
    htmx = Path(django_htmx_file).with_name("static") / "django_htmx" / "htmx-2.min.js"
    folder = settings.BASE_DIR / "static" / "js"
    scripts = [htmx, *sorted(folder.glob("*.js"))]
    # A semicolon, for a file that ends without one.
    return "".join(f"{path.read_text().rstrip()};\n" for path in scripts)


def _read(kind: str, name: str) -> str:
    return _path(kind, name).read_text()


def _path(kind: str, name: str) -> Path:
    return settings.BASE_DIR / "static" / kind / f"{name}.{kind}"
