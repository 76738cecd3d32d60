"""Other people's clients, to verify results: skopeo, a Docker Engine, and Podman."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .processes import Process
from .registries import RunningRegistry


class Skopeo:
    """skopeo: `skopeo("copy", …)` runs it.

    The methods add a registry's credential and certificate authority.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [
            "skopeo",
            "--insecure-policy",
            "--override-os",
            "linux",
            "--override-arch",
            "amd64",
        ]
        command += ["--tmpdir", str(self.folder), *(str(argument) for argument in arguments)]
        environment = {**os.environ, "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=240, env=environment
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stderr}")

        return done

    def access(self, registry: RunningRegistry, side: str = "") -> list[str]:
        """Return the options for a registry; `side` is "src-" or "dest-" in a copy."""
        options = (
            [f"--{side}creds={registry.username}:{registry.password}"] if registry.username else []
        )
        if registry.scheme == "http":
            return [*options, f"--{side}tls-verify=false"]
        authorities = self.folder / f"authorities-{registry.port}"
        authorities.mkdir(exist_ok=True)
        (authorities / "ca.crt").write_text(registry.ca_pem)
        return [*options, f"--{side}cert-dir={authorities}"]

    def inspect(self, registry: RunningRegistry, repository: str, tag: str) -> dict[str, Any]:
        """Return skopeo's description of an image: Digest, Layers, Architecture, …"""
        return json.loads(
            self(
                "inspect", *self.access(registry), f"docker://{registry.host}/{repository}:{tag}"
            ).stdout
        )

    def manifest(self, registry: RunningRegistry, repository: str, tag: str) -> bytes:
        return self(
            "inspect",
            "--raw",
            *self.access(registry),
            f"docker://{registry.host}/{repository}:{tag}",
        ).stdout.encode()

    def pull_to_folder(
        self,
        registry: RunningRegistry,
        repository: str,
        tag: str,
        folder: Path,
        *,
        every_platform: bool = False,
    ) -> Path:
        """Copy an image into an OCI layout, which makes skopeo verify every digest."""
        options = [*self.access(registry, "src-"), *(["--all"] if every_platform else [])]
        self(
            "copy", *options, f"docker://{registry.host}/{repository}:{tag}", f"oci:{folder}:{tag}"
        )
        return folder


class DockerEngine:
    """A separate Docker Engine for tests, with docker's command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder / 'docker.sock'}"

    def start(self) -> None:
        options = [
            "--host",
            self.host,
            "--data-root",
            self.folder / "data",
            "--exec-root",
            self.folder / "exec",
        ]
        options += [
            "--pidfile",
            self.folder / "pid",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            "--storage-driver=vfs",
        ]
        self.process = Process(["dockerd", *options], log=self.folder / "dockerd.log")
        self.process.wait_for(
            lambda: self.docker("version", check=False).returncode == 0, seconds=60
        )

    def docker(
        self, *arguments: object, check: bool = True, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `docker ARGUMENTS`; `text` is its standard input."""
        command = ["docker", "--host", self.host, *(str(argument) for argument in arguments)]
        environment = {
            **os.environ,
            "DOCKER_CONFIG": str(self.folder / "config"),
            "DOCKER_BUILDKIT": "0",
        }
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env=environment,
            input=text,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stderr or done.stdout}")

        return done

    def login(self, registry: RunningRegistry) -> None:
        self.docker(
            "login",
            "--username",
            registry.username,
            "--password-stdin",
            registry.host,
            text=registry.password,
        )

    def image_id(self, reference: str) -> str:
        return self.docker("image", "inspect", "--format", "{{.Id}}", reference).stdout.strip()

    def stop(self) -> None:
        self.process.stop(seconds=30)


class PodmanService:
    """A separate Podman service with Docker's API, for tests.

    It may use plain HTTP with one registry.
    """

    def __init__(self, folder: Path, registry: RunningRegistry) -> None:
        self.folder = folder
        self.registry = registry
        self.host = f"unix://{folder / 'podman.sock'}"

    def start(self) -> None:
        settings = self.folder / "registries.conf"
        settings.write_text(f'[[registry]]\nlocation = "{self.registry.host}"\ninsecure = true\n')
        # Podman takes at most 50 characters for its run root.
        self.run = tempfile.TemporaryDirectory(prefix="podman-", dir="/tmp")
        command = [
            "podman",
            "--root",
            self.folder / "root",
            "--runroot",
            self.run.name,
            "--storage-driver",
            "vfs",
        ]
        command += ["system", "service", "--time=0", self.host]
        environment = {"CONTAINERS_REGISTRIES_CONF": str(settings), "HOME": str(self.folder)}
        self.process = Process(command, log=self.folder / "podman.log", environment=environment)
        self.process.wait_for((self.folder / "podman.sock").exists, seconds=60)

    def stop(self) -> None:
        self.process.stop(seconds=30)
        self.run.cleanup()
