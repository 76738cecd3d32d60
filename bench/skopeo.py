"""The skopeo commands to which the product is compared."""

import subprocess
import time


def copy(source: str, target: str) -> float:
    """Return the seconds of `skopeo copy`, which include its start."""
    command = [
        "skopeo",
        "--insecure-policy",
        "copy",
        "--quiet",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        source,
        target,
    ]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - started


def version() -> str:
    command = ["skopeo", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()
