import hashlib

from registry_ui.accounts.link_tokens import hash_token, new_token


def test_tokens_are_long_different_and_fit_into_an_address():
    tokens = {new_token() for _number in range(50)}

    assert len(tokens) == 50
    assert all(len(token) >= 43 and token.isascii() for token in tokens)
    assert not any(set(token) & set("/+=? &") for token in tokens)


def test_only_the_hash_is_stored():
    token = new_token()

    assert hash_token(token) == hashlib.sha256(token.encode()).hexdigest()
    assert token not in hash_token(token)
