"""The selection and the order of the tests.

`--fast` deselects tests that start programs. Slow tests come first.
"""

import sys
from typing import Any

import pytest

# Fixtures that start a program. A test that starts one itself is marked `processes`.
PROGRAMS = frozenset(
    {
        "_token_registry",
        "browser",
        "docker_engine",
        "htpasswd_registry",
        "manage",
        "own_registry",
        "podman",
        "podman_service",
        "product",
        "registry",
        "second_registry",
        "skopeo",
        "tls_registry",
        "token_registry",
        "watch",
    }
)
# Started for every test that uses the database, also in the fast run.
ALLOWED_PROGRAMS = ("valkey-server",)
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"})


class FastRunGuard:
    """An audit hook that refuses to start programs while a test of the fast run runs."""

    def __init__(self) -> None:
        self.is_on = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            self.is_on
            and event in STARTS
            and not str(arguments[:1]).rpartition("/")[2].startswith(ALLOWED_PROGRAMS)
        ):
            self.is_on = False
            raise RuntimeError(
                f"{event}: a test that starts programs is marked `processes`: {arguments[:2]}"
            )


def fixtures_of(item: pytest.Item) -> set[str]:
    """Return the names of a test's fixtures, including those among its parameters."""
    parameters = getattr(item, "callspec", None)
    values = parameters.params.values() if parameters else ()
    named = [name for value in values for name in (value if isinstance(value, tuple) else (value,))]
    return {*getattr(item, "fixturenames", ()), *(name for name in named if isinstance(name, str))}


def starts_programs(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("processes", "browser", "engine"))
    return marked or bool(PROGRAMS & fixtures_of(item))


def start_order(item: pytest.Item) -> int:
    """Return a sort key that puts slow tests first, so that all workers end together."""
    fixtures = fixtures_of(item)
    slow = {"product", "manage", "docker_engine", "podman_service", "podman"} & fixtures
    if slow or item.get_closest_marker("processes"):
        return 0
    if "browser" in fixtures:
        return 1
    if PROGRAMS & fixtures:
        return 2
    return 3 if "transactional_db" in fixtures else 4


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast", action="store_true", help="only tests that start no program beside Redis"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fast"):
        config.pluginmanager.register(FastRun(), "fast-run")


class FastRun:
    """The plugin of `--fast`."""

    def __init__(self) -> None:
        self.guard = FastRunGuard()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):
        self.guard.is_on = True
        try:
            return (yield)
        finally:
            self.guard.is_on = False

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        deselected = [item for item in items if starts_programs(item)]
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if not starts_programs(item)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The sort is stable, so tests of one file, which share fixtures, stay together.
    items.sort(key=start_order)
