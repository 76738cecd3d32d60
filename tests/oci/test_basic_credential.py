import base64

import pytest

from registry_ui.oci.basic_credential import BasicCredential


def test_the_header_is_the_pair_in_base64_of_utf_8():
    header = BasicCredential("älice", "pass:wörd").authorization().header

    scheme, _, encoded = header.partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(encoded).decode() == "älice:pass:wörd"


@pytest.mark.parametrize(
    ("username", "is_token"), [("", True), ("<token>", True), ("token", False), ("alice", False)]
)
def test_an_identity_token_has_no_username_of_its_own(username, is_token):
    credential = BasicCredential(username, "secret")

    assert credential.is_identity_token is is_token
    sent = base64.b64decode(credential.authorization().header.removeprefix("Basic ")).decode()
    assert sent == f"{username or '<token>'}:secret"


def test_neither_the_credential_nor_its_header_shows_the_secret():
    credential = BasicCredential("alice", "canary-7f3a91")

    assert "canary" not in repr(credential)
    assert repr(credential.authorization()) == "Authorization()"
