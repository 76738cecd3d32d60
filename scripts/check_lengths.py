"""A check of the lengths of functions, Python files and browser scripts."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FUNCTION_LINES, FILE_LINES, SCRIPT_LINES = 50, 400, 80
SOURCES = ("registry_ui", "transfers", "scripts", "bench")


def check_file(path: Path) -> Iterator[str]:
    text = path.read_text()
    if len(text.splitlines()) > FILE_LINES:
        yield f"{path}: {len(text.splitlines())} lines (at most {FILE_LINES})"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                limit = f"(at most {FUNCTION_LINES})"
                yield f"{path}:{node.lineno}: {node.name} has {length} lines {limit}"


def check_scripts() -> Iterator[str]:
    for path in sorted(Path("static/js").rglob("*.js")):
        length = len(path.read_text().splitlines())
        if length > SCRIPT_LINES:
            yield f"{path}: {length} lines (at most {SCRIPT_LINES})"


def main() -> int:
    paths = [
        path
        for source in SOURCES
        for path in sorted(Path(source).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    problems = [problem for path in paths for problem in check_file(path)] + list(check_scripts())
    print("\n".join(problems) or f"{len(paths)} files: no function and no file is too long.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
