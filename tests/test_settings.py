"""The settings of production and development, as a fresh process reads them."""

import os
import runpy

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from tests.parts.workers import ROOT

SETTINGS = str(ROOT / "registry_ui" / "settings.py")
PRODUCTION = {
    "ENV": "production",
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "ui.example.com",
}


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Return a function that reads the settings with some variables and a new data folder."""
    for name in os.environ:
        if name.startswith("REGISTRY_UI_"):
            monkeypatch.delenv(name)

    def settings(**values):
        for name, value in {"DATA": str(tmp_path / "data"), **values}.items():
            monkeypatch.setenv(f"REGISTRY_UI_{name}", value)
        return runpy.run_path(SETTINGS, run_name="registry_ui.settings")

    return settings


def test_development_needs_no_setting_and_keeps_its_keys(read, tmp_path):
    first, second = read(), read()

    assert not first["PRODUCTION"]
    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["ENCRYPTION_KEYS"] == second["ENCRYPTION_KEYS"]
    assert "*" not in first["ALLOWED_HOSTS"]
    for name in ("secret_key", "encryption_key"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o077 == 0


def test_production_is_strict_by_default(read, tmp_path):
    settings = read(**PRODUCTION)

    assert settings["ALLOWED_HOSTS"] == ["ui.example.com"]
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert settings["SECURE_HSTS_SECONDS"] == 31_536_000
    assert not settings["DEBUG"]
    assert not settings["EGRESS_ALLOW_LOOPBACK"]
    assert not list((tmp_path / "data").glob("*_key"))


def test_production_names_every_weak_setting_at_once(read):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(ENV="production", DEBUG="true", SECRET_KEY="s" * 49, ALLOWED_HOSTS="*")

    for name in ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "ENCRYPTION_KEYS"):
        assert f"REGISTRY_UI_{name}" in str(refused.value)


@pytest.mark.parametrize("hosts", ["", "*", "ui.example.com,*"])
def test_production_needs_the_names_of_its_hosts(read, hosts):
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        read(**{**PRODUCTION, "ALLOWED_HOSTS": hosts})


@pytest.mark.parametrize("environment", [{}, PRODUCTION], ids=["development", "production"])
def test_a_malformed_encryption_key_is_refused_and_not_shown(read, environment):
    good = Fernet.generate_key().decode()

    with pytest.raises(ImproperlyConfigured, match="create_key") as refused:
        read(**{**environment, "ENCRYPTION_KEYS": f"{good},canary"})

    assert "canary" not in str(refused.value)


def test_secrets_may_be_in_files(read, tmp_path):
    path = tmp_path / "secret"
    path.write_text("s" * 60 + "\n")
    values = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}

    assert read(**values, SECRET_KEY_FILE=str(path))["SECRET_KEY"] == "s" * 60


def test_the_proxys_scheme_counts_behind_a_trusted_proxy_only(read):
    assert "SECURE_PROXY_SSL_HEADER" not in read()
    assert read(TRUSTED_PROXY_COUNT="1")["SECURE_PROXY_SSL_HEADER"] == (
        "HTTP_X_FORWARDED_PROTO",
        "https",
    )


def test_a_data_folder_with_any_name_has_the_database_in_it(read, tmp_path):
    folder = tmp_path / "50% #1 ? äöü"

    assert read(DATA=str(folder))["DATABASES"]["default"]["NAME"] == str(
        folder / "registry-ui.sqlite3"
    )


def test_e_mail_is_off_without_a_url(read):
    assert not read()["EMAIL_CONFIGURED"]
    settings = read(EMAIL_URL="smtp://user:password@mail.example.com:587/?tls=True")
    assert settings["EMAIL_CONFIGURED"]
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert settings["EMAIL_USE_TLS"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HSTS_SECONDS", "-1"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("ARCHIVE_RATIO", "0"),
        ("TRANSFER_ATTEMPTS", "0"),
        ("FREE_SPACE_FLOOR_MIB", "much"),
        ("SERVE_IMAGES", "maybe"),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_name(read, name, value):
    with pytest.raises(EnvError, match=f"REGISTRY_UI_{name}"):
        read(**{name: value})
