"""Single sign-on: nothing here where no provider is set. The names are allauth's."""

from typing import Any

urlpatterns: list[Any] = []
