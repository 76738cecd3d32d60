"""Environment variables: the prefix REGISTRY_UI_, and `…_FILE` for secrets in files.

The supervisor imports this module, so it does not import Django.
"""

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from environs import EnvError, FileAwareEnv, validate

BASE_DIR = Path(__file__).resolve().parent.parent
# A Unix socket's path has at most 107 bytes (unix(7)).
_SOCKET_PATH_LIMIT = 100
_ENGINE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# redis-py splits the answer to CLIENT INFO, which contains the socket's path, at spaces and `=`.
_PLAIN_PATH = re.compile(r"[\w/.,:@+~-]+")

env = FileAwareEnv(prefix="REGISTRY_UI_", strip_whitespace=True)
at_least_one = validate.Range(min=1)
not_negative = validate.Range(min=0)


def check_files() -> None:
    """Check the files that the `…_FILE` variables name.

    Raises:
        EnvError: this user cannot read one of them.
    """
    for name, path in os.environ.items():
        if (
            name.startswith("REGISTRY_UI_")
            and name.endswith("_FILE")
            and not (Path(path).is_file() and os.access(path, os.R_OK))
        ):
            raise EnvError(f"{name} is “{path}”, which is not a file that this user can read.")


def data_directory() -> Path:
    """Return the data folder, created with access for this user only.

    Raises:
        EnvError: it cannot be created or written to.
    """
    data = (BASE_DIR / (env.str("DATA", "") or "data")).resolve()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise EnvError(
            f"The data folder {data} cannot be made ({exc.strerror}); "
            "set REGISTRY_UI_DATA to another one."
        ) from exc
    if not os.access(data, os.W_OK | os.X_OK):
        raise EnvError(
            f"The data folder {data} cannot be written to by this user; "
            "set REGISTRY_UI_DATA to another one."
        )
    return data


def own_url() -> str:
    """Return the URL of this installation, without a slash at its end."""
    url: str = env.str("URL", "").rstrip("/")
    return url or "http://" + _local_address(env.str("LISTEN", "127.0.0.1:8000"))


def _local_address(address: str) -> str:
    """Replace an address that listens on all interfaces by one of this machine."""
    return address.replace("0.0.0.0:", "127.0.0.1:", 1).replace("[::]:", "[::1]:", 1)


def redis_socket(data: Path) -> Path:
    """Return the embedded server's socket, the same for all processes with this data folder.

    A path that is too long or has special characters is replaced by one in the temporary folder.
    """
    path = data / "redis.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT and _PLAIN_PATH.fullmatch(str(path)):
        return path

    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"registry-ui-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)

    # Anybody may write to the temporary folder: another user may have created this one before.
    if folder.lstat().st_uid != os.getuid() or folder.lstat().st_mode & 0o077:
        raise PermissionError(
            f"{folder} belongs to somebody else; set REGISTRY_UI_DATA to a shorter path."
        )
    return folder / "redis.sock"


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(64)) -> str:
    """Return the secret in this file, which is created at the first call with mode 0600."""
    if not path.exists():
        # Several processes start at the same time. The link appears only when the file is complete,
        # and only one of them can create it.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


@dataclass(frozen=True, slots=True)
class EngineSetting:
    """A Docker Engine or Podman service that the operator allows.

    Anybody who may use it has in effect root access to its machine.

    Args:
        address: `unix:///run/docker.sock`, or `tcp://host:2376` with TLS.
        teams: the slugs of the teams that may use it; `*` is every team.
        certificates: the folder of ca.pem, cert.pem and key.pem; None for a socket.
    """

    name: str
    address: str
    teams: frozenset[str]
    certificates: Path | None = None


def engine_settings(texts: Iterable[str]) -> tuple[EngineSetting, ...]:
    """Parse entries such as `NAME=ADDRESS?teams=SLUG+SLUG[&certs=FOLDER]`.

    Raises:
        EnvError: an entry has another form, or its folder lacks a certificate.
    """
    engines = tuple(_engine_setting(text) for text in texts)
    if len({engine.name for engine in engines}) < len(engines):
        raise EnvError("REGISTRY_UI_ENGINES names two engines alike.")
    return engines


def _engine_setting(text: str) -> EngineSetting:
    name, _, url = text.partition("=")
    address = urlsplit(url)
    options = parse_qs(address.query)
    teams = frozenset(" ".join(options.get("teams", [])).split())
    if not _ENGINE_NAME.fullmatch(name) or not teams or address.scheme not in ("unix", "tcp"):
        raise EnvError(
            f"REGISTRY_UI_ENGINES: “{text}” is not NAME=unix:///run/docker.sock?teams=SLUG "
            "or NAME=tcp://HOST:2376?certs=FOLDER&teams=SLUG."
        )

    if address.scheme == "unix":
        return EngineSetting(name, f"unix://{address.path}", teams)

    # Plain TCP would give root access to anybody on the network.
    folder = Path(" ".join(options.get("certs", [])))
    # The names of Docker's DOCKER_CERT_PATH.
    missing = [file for file in ("ca.pem", "cert.pem", "key.pem") if not (folder / file).is_file()]
    if not options.get("certs") or missing:
        raise EnvError(
            f"REGISTRY_UI_ENGINES: {name} is reached over the network, "
            f"so it needs certs=FOLDER with {', '.join(missing)}."
        )
    return EngineSetting(name, f"tcp://{address.netloc}", teams, folder)
