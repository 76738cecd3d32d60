"""Tokens of one-time links. Only a token's hash is stored."""

import hashlib
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    # No salt and no slow hash: the token is random, so nobody can guess it.
    return hashlib.sha256(token.encode()).hexdigest()
