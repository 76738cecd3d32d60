"""Measure how the code reads, print each figure beside its threshold, and fail past one.

scripts/check_style.py              the figures
scripts/check_style.py --list NAME  the places behind one of them
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PRODUCT = ("registry_ui", "transfers")
WIDTH, SMALL_FILE, LONG_FUNCTION = 100, 40, 15
# A docstring says what a thing does or is; it does not continue a sentence that its name began.
CLAUSE = re.compile(
    r"(What|Whatever|Whether|How|Which|Why|Who|Whom|Whoever|When|Where|Those|Of|As)\b"
)
# Django names these itself.
DJANGO_NAMES = frozenset({"__init__", "admin", "apps", "forms", "models", "urls", "views"})
MOST_OF_ONE_BASENAME = 7
# These connect other modules, and their tests are those of what they connect.
WIRING = frozenset({"__init__.py", "apps.py", "urls.py"})
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef | ast.Module


@dataclass(frozen=True)
class Source:
    """A module of the product."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    @property
    def docstrings(self) -> Iterator[tuple[int, str]]:
        for node in self.nodes:
            if isinstance(node, Documented) and (text := ast.get_docstring(node)):
                yield getattr(node, "lineno", 1), text.partition("\n")[0]

    @cached_property
    def comment_count(self) -> int:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(token.type == tokenize.COMMENT for token in tokens)

    @property
    def module(self) -> str:
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True)
class Figure:
    """A measured value; `places` are shown by `--list`."""

    name: str
    value: float
    least: float
    most: float
    places: list[str]

    @property
    def is_kept(self) -> bool:
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        bounds = f"at least {self.least:g}" if self.least else f"at most {self.most:g}"
        return f"{'ok' if self.is_kept else 'NO':3} {self.name:26} {self.value:7.2f}  ({bounds})"


def sources() -> list[Source]:
    found = sorted(path for folder in PRODUCT for path in Path(folder).rglob("*.py"))
    return [Source(path) for path in found if "migrations" not in path.parts]


def clauses(modules: list[Source]) -> Figure:
    """Return the share of docstrings that begin with a relative clause, in percent."""
    all_of_them = [(source, *entry) for source in modules for entry in source.docstrings]
    places = [
        f"{source.path}:{line}: {text}" for source, line, text in all_of_them if CLAUSE.match(text)
    ]
    share = 100 * len(places) / max(1, len(all_of_them))
    return Figure("clause-docstrings", share, 0, 0, places)


def comments(modules: list[Source]) -> Figure:
    """Return how many comments there are in a hundred lines."""
    lines = sum(len(source.lines) for source in modules)
    count = sum(source.comment_count for source in modules)
    places = [f"{source.path}: {source.comment_count} of {len(source.lines)}" for source in modules]
    return Figure("comments", 100 * count / lines, 3.5, 100, places)


def dense_functions(modules: list[Source]) -> Figure:
    """Return the share of longer functions without one blank line, in percent."""
    long_ones, places = 0, []
    for source in modules:
        for node in source.functions:
            end = node.end_lineno or node.lineno
            if end - node.lineno + 1 <= LONG_FUNCTION:
                continue
            long_ones += 1
            if all(line.strip() for line in source.lines[node.body[0].lineno - 1 : end]):
                places.append(f"{source.path}:{node.lineno}: {node.name}")
    return Figure("dense-functions", 100 * len(places) / max(1, long_ones), 0, 10, places)


def wide_lines(modules: list[Source]) -> Figure:
    """Return the share of lines that are too wide, in percent."""
    places = [
        f"{source.path}:{number}"
        for source in modules
        for number, line in enumerate(source.lines, 1)
        if len(line) > WIDTH
    ]
    lines = sum(len(source.lines) for source in modules)
    # Regular expressions and pragmas are left whole.
    return Figure("wide-lines", 100 * len(places) / lines, 0, 0.1, places)


def repeated_basenames(modules: list[Source]) -> Figure:
    """Return how many names of modules are used too often."""
    counted = Counter(source.path.stem for source in modules)
    places = [
        f"{name}.py: {count}"
        for name, count in counted.most_common()
        if count > MOST_OF_ONE_BASENAME and name not in DJANGO_NAMES
    ]
    return Figure("repeated-basenames", len(places), 0, 0, places)


def small_files(modules: list[Source]) -> Figure:
    """Return how many small modules have one importer, into which they could be merged."""
    importers: Counter[str] = Counter()
    for source in modules:
        importers.update(_imported(source))
    places = [
        f"{source.path}: {len(source.lines)} lines"
        for source in modules
        if 0 < len(source.lines) < SMALL_FILE
        and source.path.stem not in DJANGO_NAMES
        and importers[source.module] == 1
    ]
    return Figure("small-files", len(places), 0, 40, places)


def _imported(source: Source) -> set[str]:
    package = source.module.split(".")
    if source.path.stem != "__init__":
        package = package[:-1]

    found = set()
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def unmirrored_modules(modules: list[Source]) -> Figure:
    """Return how many modules with functions have no test file at the mirrored path.

    The tests of `registry_ui/a/b.py` are in `tests/a/test_b.py`, those of `transfers/a/b.py` in
    `tests/transfers/a/test_b.py`.
    """
    places = [
        str(source.path)
        for source in modules
        if source.path.name not in WIRING
        and any(source.functions)
        and not _mirrored_path(source.path).exists()
    ]
    return Figure("unmirrored-modules", len(places), 0, 0, places)


def _mirrored_path(path: Path) -> Path:
    below = path.relative_to("registry_ui") if path.parts[0] == "registry_ui" else path
    return Path("tests") / below.with_name(f"test_{below.name}")


MEASURES = (
    clauses,
    comments,
    dense_functions,
    wide_lines,
    repeated_basenames,
    small_files,
    unmirrored_modules,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", metavar="NAME", help="print the places behind a figure")
    arguments = parser.parse_args()

    figures = [measure(sources()) for measure in MEASURES]
    if arguments.list:
        print(*next(figure.places for figure in figures if figure.name == arguments.list), sep="\n")
        return 0
    print(*figures, sep="\n")
    return 0 if all(figure.is_kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
