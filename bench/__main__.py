"""The command line of the benchmarks: `python -m bench --help` lists the options."""

import argparse
import tempfile
from pathlib import Path

from tests.parts.registries import open_registry

from . import skopeo
from .browsing import measure_browsing
from .images import push_large_image
from .installation import Installation
from .measurements import (
    MIB,
    Browser,
    Comparison,
    click_to_first_byte,
    compare_pulls,
    compare_pushes,
    peak_memory,
)
from .mirrors import measure_mirrors
from .serving import measure_serving

_LAYERS = 8
_NAME = "bench/image:1.0"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each is measured (default: %(default)s)"
    )
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        help="MiB of the image of the comparison (default: %(default)s)",
    )
    parser.add_argument(
        "--large",
        type=int,
        default=4096,
        help="MiB of the image of the memory measure; 0 leaves it out (default: %(default)s)",
    )
    parser.add_argument(
        "--browsing",
        type=int,
        default=10_000,
        help="tags, and repositories, of the measure of browsing; 0 leaves it out (default: "
        "%(default)s)",
    )
    parser.add_argument("--only-browsing", action="store_true", help="measure nothing else")
    parser.add_argument(
        "--mirrors",
        type=int,
        default=100,
        help="tags of the measure of mirrors; 0 leaves it out (default: %(default)s)",
    )
    parser.add_argument("--only-mirrors", action="store_true", help="measure nothing else")
    parser.add_argument(
        "--manifests",
        type=int,
        default=1000,
        help="small manifests a client of the measure of /v2/; 0 leaves it out (default: "
        "%(default)s)",
    )
    parser.add_argument("--only-serving", action="store_true", help="measure nothing else")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where to work; it decides which disk is measured (default: the temporary folder)",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="registry-ui-bench-", dir=options.folder) as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    template = Installation.prepared(folder / "template")
    if options.manifests and not (options.only_browsing or options.only_mirrors):
        measure_serving(folder, template, options.size, options.rounds, options.manifests)
    if options.only_serving:
        return
    if options.mirrors and not options.only_browsing:
        measure_mirrors(folder, template, options.mirrors, options.rounds)
    if options.only_mirrors:
        return
    if options.browsing:
        measure_browsing(folder, template, options.browsing)
    if options.only_browsing:
        return
    print(
        f"{options.size} MiB in {_LAYERS} layers, medians of {options.rounds} rounds in turns, in "
        f"{folder.parent}; {skopeo.version()}"
    )
    print()
    with open_registry(folder / "registry") as registry:
        push_large_image(
            registry,
            "bench/image",
            "1.0",
            folder / "new",
            layers=_LAYERS,
            layer_size=options.size * MIB // _LAYERS,
        )
        print(
            f"{'':24}{'job':>9}{'command':>11}{'skopeo':>10}{'job/skopeo':>13}{'command/skopeo':>17}"
        )
        show(
            "registry → store (pull)",
            compare_pulls(folder, template, registry, _NAME, options.rounds),
        )
        show(
            "store → registry (push)",
            compare_pushes(folder, template, registry, _NAME, options.rounds),
        )
    print()
    print(
        "job: the job alone; command: the whole of `manage.py pull --now`, the start of Python and "
        "Django included."
    )
    print("skopeo: the whole of `skopeo copy`, from and to an OCI layout.")
    print()
    measure_product(folder, template, options)


def show(title: str, comparison: Comparison) -> None:
    job, command, other = comparison.medians()
    print(
        f"{title:24}{job:>7.2f} s{command:>9.2f} s{other:>8.2f} s"
        f"{job / other:>13.2f}{command / other:>17.2f}",
        flush=True,
    )


def measure_product(folder: Path, template: Installation, options: argparse.Namespace) -> None:
    """Measure the running product: the time from click to first blob, and a worker's memory."""
    product = template.copy_to(folder / "product")
    supervisor = product.start()
    try:
        browser = Browser(product)
        with open_registry(folder / "small") as registry:
            seconds = click_to_first_byte(product, browser, registry, options.rounds)
            print(
                f"Click to the first blob requested, median of {options.rounds}: {seconds:.2f} s",
                flush=True,
            )
        if options.large:
            with open_registry(folder / "large") as registry:
                product.add_registry(registry.host)
                size = options.large * MIB // _LAYERS
                push_large_image(
                    registry, "bench/large", "1.0", folder / "new", layers=_LAYERS, layer_size=size
                )
                peak = peak_memory(product, supervisor, browser, f"{registry.host}/bench/large:1.0")
                print(
                    f"Peak memory of the worker that pulls {options.large} MiB: {peak / MIB:.0f} "
                    "MiB",
                    flush=True,
                )
    finally:
        supervisor.stop(seconds=60)


main()
