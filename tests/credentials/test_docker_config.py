import base64
import json

import pytest

from registry_ui.credentials.docker_config import (
    ENTRY_LIMIT,
    InvalidDockerConfig,
    parse_docker_config,
)
from registry_ui.web.errors import describe
from tests.parts.registry_rows import CANARY


def auth(username: str, secret: str) -> str:
    return base64.b64encode(f"{username}:{secret}".encode()).decode()


def parse(**document):
    return parse_docker_config(json.dumps(document))


def logins_in(config) -> list[tuple[str, str, str]]:
    return [(login.host, login.username, login.secret) for login in config.logins]


def test_the_three_forms_of_a_login_are_read() -> None:
    config = parse(
        auths={
            "registry.example.com": {"auth": auth("alice", "a:b")},
            "harbor.example.com": {"username": "robot$x", "password": "p"},
            "https://quay.io/v2/": {"auth": auth("<token>", ""), "identitytoken": "t"},
        }
    )
    assert logins_in(config) == [
        ("registry.example.com", "alice", "a:b"),
        ("harbor.example.com", "robot$x", "p"),
        ("quay.io", "<token>", "t"),
    ]
    assert config.skipped == ()


@pytest.mark.parametrize(
    "key",
    [
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
        "registry-1.docker.io",
        "https://index.docker.io/v1",
    ],
)
def test_docker_hub_is_known_under_all_of_its_names(key: str) -> None:
    assert logins_in(parse(auths={key: {"auth": auth("alice", "x")}})) == [
        ("docker.io", "alice", "x")
    ]


def test_the_same_login_under_two_names_counts_once() -> None:
    config = parse(
        auths={
            "docker.io": {"auth": auth("alice", "x")},
            "https://index.docker.io/v1/": {"auth": auth("alice", "x")},
        }
    )
    assert len(config.logins) == 1
    assert config.skipped == ()


def test_two_secrets_for_one_login_are_not_guessed_between() -> None:
    config = parse(
        auths={
            "docker.io": {"auth": auth("alice", "x")},
            "index.docker.io": {"auth": auth("alice", "y")},
        }
    )
    assert logins_in(config) == [("docker.io", "alice", "x")]
    assert len(config.skipped) == 1


def test_stores_and_helpers_are_explained() -> None:
    config = parse(
        auths={"https://index.docker.io/v1/": {}},
        credsStore="desktop",
        credHelpers={"public.ecr.aws": "ecr-login"},
    )
    assert config.logins == ()
    assert {entry.name for entry in config.skipped} == {
        "https://index.docker.io/v1/",
        "public.ecr.aws",
        "credsStore",
    }
    assert any("docker-credential-ecr-login" in str(entry.reason) for entry in config.skipped)


def test_the_old_file_without_auths_is_read() -> None:
    assert logins_in(
        parse_docker_config(
            json.dumps({"https://index.docker.io/v1/": {"auth": auth("a", "b"), "email": "x"}})
        )
    ) == [("docker.io", "a", "b")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "hello",
        '{"auths": {"x": {"auth": "' + CANARY,
        "[]",
        '"x"',
        "1",
        '{"auths": 3}',
        "[" * 100000,
        "9" * 100000,
    ],
)
def test_an_invalid_configuration_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InvalidDockerConfig) as caught:
        parse_docker_config(text)
    assert CANARY not in f"{caught.value!r}{describe(caught.value).advice}"
    assert caught.value.__cause__ is None


def test_too_much_is_refused() -> None:
    with pytest.raises(InvalidDockerConfig):
        parse_docker_config(" " * 300000)
    with pytest.raises(InvalidDockerConfig):
        parse(auths={f"r{number}.example.com": {} for number in range(ENTRY_LIMIT + 1)})


@pytest.mark.parametrize(
    "entry",
    [
        3,
        None,
        [],
        {"auth": 3},
        {"auth": "***"},
        {"auth": base64.b64encode(b"nocolon").decode()},
        {"auth": base64.b64encode(b"\xff:\xff").decode()},
        {"username": "a"},
        {"username": 1, "password": 2},
        {"auth": auth("a", "")},
        {"auth": auth("", "b")},
        {"username": "a", "password": "b\nc"},
        {"username": "a" * 300, "password": "b"},
    ],
)
def test_a_broken_entry_is_skipped_with_a_reason_and_the_others_are_read(entry) -> None:
    config = parse(
        auths={"broken.example.com": entry, "fine.example.com": {"auth": auth("a", "b")}}
    )
    assert logins_in(config) == [("fine.example.com", "a", "b")]
    assert [entry.name for entry in config.skipped] == ["broken.example.com"]


def test_a_login_inside_a_key_is_not_shown() -> None:
    config = parse(
        auths={
            f"https://alice:{CANARY}@bad host/": {"auth": "x"},
            f"https://alice:{CANARY}@registry.example.com/": {},
        }
    )
    assert CANARY not in str(config.skipped)


def test_logins_do_not_show_their_secrets() -> None:
    assert CANARY not in repr(
        parse(auths={"registry.example.com": {"auth": auth("alice", CANARY)}})
    )
