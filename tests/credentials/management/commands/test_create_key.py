import io

from cryptography.fernet import Fernet
from django.core.management import call_command


def run(*arguments: str, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_a_made_key_is_a_key() -> None:
    Fernet(run("create_key").strip())
