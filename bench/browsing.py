"""The benchmark of the index of a large registry and of the pages that read it.

The registry's own log counts the requests.
"""

import json
import math
import re
import sqlite3
import statistics
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.images import build_image
from tests.parts.large_registry import fill_repositories, fill_tags, move_tag
from tests.parts.registries import RunningRegistry, open_registry

from .installation import Installation
from .measurements import Browser

REPOSITORY = "library/app"
MOVED = 100
TARGET_MILLISECONDS, TARGET_QUERIES, TARGET_HEADS = 100, 12, 1
_ROUNDS = 20
_REQUEST = re.compile(
    r'"(?P<method>[A-Z]+) /v2/[^" ]*?(?P<kind>_catalog|tags/list|manifests|blobs)[^" ]* HTTP'
)
# {tags} and {repositories} are the ids of the two registries.
PAGES = [
    ("repositories of a registry", "/registries/{repositories}/repositories/"),
    ("… by last change", "/registries/{repositories}/repositories/?sort=-changed"),
    ("… by size", "/registries/{repositories}/repositories/?sort=-size"),
    ("… searched", "/registries/{repositories}/repositories/?q=service-09"),
    ("… searched, nothing found", "/registries/{repositories}/repositories/?q=zzz"),
    ("the registry's connection", "/registries/{repositories}/"),
    ("tags of a repository", "/registries/{tags}/repositories/library/app/"),
    ("… by date", "/registries/{tags}/repositories/library/app/?sort=-date"),
    ("… by size", "/registries/{tags}/repositories/library/app/?sort=-size"),
    ("… by variant", "/registries/{tags}/repositories/library/app/?group=variant"),
    (
        "… in a range of versions",
        "/registries/{tags}/repositories/library/app/?version=%3E%3D3+%3C4",
    ),
    (
        "… of a variant, no pre-releases",
        "/registries/{tags}/repositories/library/app/?variant=alpine&prereleases=hide",
    ),
    ("… searched, nothing found", "/registries/{tags}/repositories/library/app/?q=zzz"),
    ("image by tag", "/registries/{tags}/images/library/app:latest/"),
    (
        "two images compared",
        "/registries/compare/?left={host}/library/app:latest&right={host}/library/app:1.0.0-alpine",
    ),
    ("storage of a registry", "/registries/{repositories}/storage/"),
    ("storage of a repository", "/registries/{tags}/storage/library/app/"),
    ("search: a word", "/search/?q=service-0999"),
    ("search: a tag", "/search/?q=3.7.2-alpine"),
    ("search: nothing found", "/search/?q=zzzqqq"),
    ("overview", "/"),
    ("registries", "/registries/"),
]
_QUERIES = """
import json
import math
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registry_ui.accounts.models import User
client = Client(headers={{"host": "127.0.0.1"}})
client.force_login(User.objects.get(username="bench"))
client.get("/registries/")  # the first request of a session also notes that it is used
counts = []
for path in json.loads({paths!r}):
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    counts.append(len(queries))
print(json.dumps(counts))
"""


@dataclass(frozen=True)
class IndexMeasurement:
    """The seconds of an index run, and the registry's requests by method and kind."""

    seconds: float
    requests: Counter[str]

    def line(self, title: str, tags: int) -> str:
        heads = sum(count for request, count in self.requests.items() if request.startswith("HEAD"))
        total = self.requests.total()
        per_tag = f"{heads / tags:>13.3f}{(total - heads) / tags:>12.3f}"
        return f"{title:40}{self.seconds:>8.1f} s{total:>11,}{per_tag}"


def measure_browsing(folder: Path, template: Installation, count: int) -> None:
    """Measure with `count` tags in one repository, and with `count` repositories."""
    product = template.copy_to(folder / "browsing")
    with (
        open_registry(folder / "many-tags") as tags,
        open_registry(folder / "many-repositories") as repositories,
    ):
        fill_tags(tags, REPOSITORY, count)
        fill_repositories(repositories, count)
        for registry in (tags, repositories):
            product.add_registry(registry.host)
        print(f"{'Index':40}{'time':>10}{'requests':>11}{'HEAD a tag':>13}{'GET a tag':>12}")
        _measure_index(product, tags, f"{count:,} tags", count)
        _measure_index(product, repositories, f"{count:,} repositories", count)
        print(f"Target: at most {TARGET_HEADS} HEAD a tag where nothing has changed.")
        print()
        _measure_pages(product, tags, repositories, count)


def _measure_index(
    product: Installation, registry: RunningRegistry, title: str, count: int
) -> None:
    """Measure cold and repeated index runs.

    Each tag of `tags` points at an image of its own; the repositories share fifty images.
    """
    print(_measure_run(product, registry).line(f"{title}, cold", count), flush=True)
    print(_measure_run(product, registry).line(f"{title}, unchanged", count), flush=True)
    if registry.tags(REPOSITORY):
        for patch in range(MOVED):
            move_tag(
                registry,
                REPOSITORY,
                f"1.{patch // 10}.{patch % 10}",
                build_image(layers=1, layer_size=64),
            )
        print(
            _measure_run(product, registry).line(f"{title}, {MOVED} of them moved", count),
            flush=True,
        )


def _measure_run(product: Installation, registry: RunningRegistry) -> IndexMeasurement:
    with _counted(registry) as requests:
        product.manage("index", registry.host, "--now", "--team", "bench")
    return IndexMeasurement(product.last_index_seconds(), requests)


@contextmanager
def _counted(registry: RunningRegistry) -> Iterator[Counter[str]]:
    log = registry.folder / "registry.log"
    before = log.stat().st_size
    requests: Counter[str] = Counter()
    yield requests
    with log.open("rb") as lines:
        lines.seek(before)
        matches = map(_REQUEST.search, (line.decode(errors="replace") for line in lines))
        requests.update(f"{match['method']} {match['kind']}" for match in matches if match)


def _measure_pages(
    product: Installation, tags: RunningRegistry, repositories: RunningRegistry, count: int
) -> None:
    ids = {
        "tags": _id_of(product, tags.host),
        "repositories": _id_of(product, repositories.host),
        "host": tags.host,
    }
    paths = [path.format(**ids) for _title, path in PAGES]
    title = f"Pages with {count:,} tags and repositories"
    print(f"{title:40}{'median':>10}{'slowest':>11}{'queries':>13}")
    supervisor = product.start()
    try:
        browser, counts = Browser(product), _query_counts(product, paths)
        for (title, _path), path, queries in zip(PAGES, paths, counts, strict=True):
            times = [_fetch(browser, product.url + path) for _round in range(_ROUNDS + 1)]
            # The first request fills the caches of the process.
            print(_page_line(title, times[1:], queries), flush=True)
    finally:
        supervisor.stop(seconds=60)
    print(
        f"Target: {TARGET_MILLISECONDS} ms at the median of {_ROUNDS}, and {TARGET_QUERIES} "
        "queries; gunicorn's time to the first byte."
    )
    print()


def _fetch(browser: Browser, address: str) -> float:
    """Return the milliseconds to the first byte, or NaN without a page."""
    answer = browser.session.get(address, timeout=60)
    return answer.elapsed.total_seconds() * 1000 if answer.status_code == 200 else math.nan


def _page_line(title: str, milliseconds: list[float], queries: int) -> str:
    median, slowest = statistics.median(milliseconds), max(milliseconds)
    if math.isnan(median):
        return f"{title:40}  no such page"
    mark = (
        "" if median <= TARGET_MILLISECONDS and queries <= TARGET_QUERIES else "  above the target"
    )
    return f"{title:40}{median:>7.0f} ms{slowest:>8.0f} ms{queries:>13}{mark}"


def _query_counts(product: Installation, paths: list[str]) -> list[int]:
    counts: list[int] = json.loads(
        product.manage("shell", "--verbosity=0", "-c", _QUERIES.format(paths=json.dumps(paths)))
    )
    return counts


def _id_of(product: Installation, host: str) -> str:
    with sqlite3.connect(product.data / "registry-ui.sqlite3") as database:
        (identifier,) = database.execute(
            "SELECT id FROM registries_registry WHERE host = ?", [host]
        ).fetchone()
    return str(uuid.UUID(identifier))
