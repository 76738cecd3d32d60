"""The product as one command, with real processes that are killed."""

import os
import re
import signal
import sqlite3
from contextlib import closing

import pytest
import requests

from tests.parts.processes import is_running, wait_until
from tests.parts.slow_line import slow_line
from tests.parts.supervisors import remaining_processes

CREATE_TEAM = "from tests.parts.teams import add_team; add_team('Team', 'team')"


def test_the_product_from_the_first_start_to_ctrl_c(product):
    product.start_and_wait(migrated=False)
    output = product.process.output

    link = re.search(r"http://\S+", output.partition("it works once")[2])
    assert link is not None
    assert requests.get(f"{product.url}/healthz", timeout=10).status_code == 200
    assert requests.get(link[0], timeout=10).status_code == 200
    assert len(product.command_lines("rqworker")) == 5
    assert (product.folder / "data").stat().st_mode & 0o077 == 0

    again = product.run_again()
    assert again.returncode == 1
    assert (
        f"runs already on {product.folder / 'data'} (process {product.process.pid})" in again.stderr
    )

    assert product.process.stop(number=signal.SIGINT, seconds=40) == 0
    assert remaining_processes(product.mark) == []
    assert "Traceback" not in product.process.output


def test_every_killed_program_is_restarted(product):
    product.start_and_wait()
    for word in ("rqworker", "valkey-server", "gunicorn", "scheduler"):
        kill_one(product, word)


def kill_one(product, word):
    before = {pid for pid, _ in product.command_lines(word)}
    killed, printed = min(before), len(product.process.output)

    os.kill(killed, signal.SIGKILL)

    wait_until(
        lambda: not is_running(killed) and len(product.command_lines(word)) == len(before),
        seconds=60,
        what=word,
    )
    wait_until(lambda: healthy(product.url), seconds=60, what=word)
    assert "was killed by SIGKILL; it starts again in 0.5 s." in product.process.output[printed:], (
        word
    )


def healthy(url):
    try:
        return requests.get(f"{url}/healthz", timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


def test_the_product_ends_with_a_killed_supervisor(product):
    product.start_and_wait()
    assert len(remaining_processes(product.mark)) >= 6

    product.process.kill()

    wait_until(lambda: not remaining_processes(product.mark), seconds=5)
    product.start_and_wait()


def test_an_interrupted_transfer_continues_at_the_next_start(product, registry, image_factory):
    image = image_factory(registry, layers=2, layer_size=512 * 1024)
    product.start_and_wait()
    product.manage(
        "shell",
        "-c",
        CREATE_TEAM,
    )
    with slow_line(registry.port, 20_000) as line:
        name = f"{line.host}/{image.repository}:1.0"
        product.manage("pull", name, "--plain-http", "--detach")
        wait_until(lambda: line.count("GET", "/blobs/") >= 2, seconds=30)
        assert "running" in product.manage("transfers")

        product.process.kill()
        wait_until(lambda: not remaining_processes(product.mark), seconds=5)
        # The reconciler closes a row after 45 s without a heartbeat.
        age_heartbeat(product.folder / "data" / "registry-ui.sqlite3")

        line.bytes_per_second = None
        product.start_and_wait()
        wait_until(lambda: "succeeded" in product.manage("transfers"), seconds=120)
    assert image.repository in product.manage("images")
    assert "Every blob is what its name says" in product.manage("scrub_blobs")


def age_heartbeat(path):
    with closing(sqlite3.connect(path)) as rows, rows:
        changed = rows.execute(
            "UPDATE transfers_transfer SET heartbeat_at = datetime('now', '-1 minute') "
            "WHERE state = 'running'"
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize(
    "name", ["with spaces a=b 50% #1 ? äöü 中文", "long" * 40], ids=["odd", "long"]
)
def test_the_data_folder_may_have_any_name(product, registry, image_factory, name):
    image = image_factory(registry, layers=1, layer_size=1024)
    product.folder = product.folder / name
    product.folder.mkdir()
    product.start_and_wait()
    product.manage(
        "shell",
        "-c",
        CREATE_TEAM,
    )

    product.manage("pull", f"{registry.host}/{image.repository}:1.0", "--plain-http")

    assert image.repository in product.manage("images")
    assert (product.folder / "data" / "registry-ui.sqlite3").exists()
    assert product.process.stop(seconds=40) == 0
    assert "Traceback" not in product.process.output


def test_a_port_in_use_names_the_setting(product, registry):
    product.port = registry.port
    product.start()

    assert product.process.popen.wait(30) == 1
    assert "REGISTRY_UI_LISTEN" in product.process.output
    assert "Traceback" not in product.process.output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("REGISTRY_UI_LISTEN", "8000", "write an address and a port"),
        ("REGISTRY_UI_WORKERS", "0", "at least one worker"),
        ("REGISTRY_UI_MIRROR_WORKERS", "0", "at least one worker"),
        ("REGISTRY_UI_WORKERS", "many", "REGISTRY_UI_WORKERS"),
        ("REGISTRY_UI_ENV", "production", "Production does not start with these settings"),
        ("REGISTRY_UI_ENV", "prod", "Must be one of: development, production"),
        (
            "REGISTRY_UI_SECRET_KEY_FILE",
            "/nowhere/key",
            "REGISTRY_UI_SECRET_KEY_FILE is “/nowhere/key”",
        ),
        (
            "REGISTRY_UI_DATABASE_URL",
            "postgresql://user:secret@127.0.0.1:1/name",
            "Connection refused",
        ),
        ("REGISTRY_UI_REDIS_URL", "127.0.0.1:6379", "Not a URL such as redis://"),
        ("REGISTRY_UI_TIME_ZONE", "Mars/Olympus", "Not a time zone"),
        ("REGISTRY_UI_LOG_LEVEL", "loud", "Must be one of: DEBUG"),
        ("REGISTRY_UI_EMAIL_URL", "smtp.example.com", "smtp://user:password@host"),
        ("REGISTRY_UI_BLOB_WORKERS", "0", "greater than or equal to 1"),
        (
            "REGISTRY_UI_DATA",
            "/proc/registry-ui",
            "The data folder /proc/registry-ui cannot be made",
        ),
        ("REGISTRY_UI_DATA", "/dev/null", "The data folder /dev/null cannot be made"),
    ],
)
def test_an_invalid_setting_is_refused_with_a_message(product, name, value, sentence):
    product.process = product.start("--help")
    product.process.popen.wait(30)

    refused = product.run_again(**{name: value})

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert remaining_processes(product.mark) == []
