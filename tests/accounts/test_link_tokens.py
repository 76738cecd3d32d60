import hashlib

import pytest

from registry_ui.accounts.link_tokens import hash_token, new_token
from registry_ui.accounts.models import Invitation, SetupToken


def test_tokens_are_long_different_and_fit_into_an_address():
    tokens = {new_token() for _number in range(50)}

    assert len(tokens) == 50
    assert all(len(token) >= 43 and token.isascii() for token in tokens)
    assert not any(set(token) & set("/+=? &") for token in tokens)


def test_only_the_hash_is_stored():
    token = new_token()

    assert hash_token(token) == hashlib.sha256(token.encode()).hexdigest()
    assert token not in hash_token(token)


@pytest.mark.parametrize("text", ["", "\x00", "密码", "x" * 100_000])
def test_every_text_of_a_link_has_a_hash(text):
    assert hash_token(text).isalnum()


@pytest.mark.parametrize("model", [Invitation, SetupToken])
def test_a_hash_fits_its_column(model):
    assert len(hash_token(new_token())) <= model._meta.get_field("token_hash").max_length
