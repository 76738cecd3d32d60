"""allauth's pages of second factors and passkeys, those that this installation has. The names are allauth's."""

from typing import Any

urlpatterns: list[Any] = []
