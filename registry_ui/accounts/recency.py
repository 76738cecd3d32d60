"""Proof that it is still the same person: asked for again before what others rely on is changed.

A signed-in browser left open is not enough to read a form for credentials; sending one that was opened in time is allowed a
while longer, so that nobody types a secret twice.
"""

import functools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from .requests import TeamRequest

View = Callable[..., HttpResponseBase]

SESSION_KEY = "signed_in_at"
OPENING_SECONDS = 30 * 60
SENDING_SECONDS = 60 * 60


def note_sign_in(sender: Any, request: HttpRequest | None, **_kwargs: Any) -> None:
    """Receiver of `user_logged_in`."""
    if request is not None and hasattr(request, "session"):
        request.session[SESSION_KEY] = int(time.time())


def needs_recent_sign_in(view: View) -> View:
    return _guarded(view, "")


def needs_recent_sign_in_for(back: str) -> Callable[[View], View]:
    """For a view that only takes POST: afterwards the page of this name, which has its button, is shown."""
    return functools.partial(_guarded, back=back)


def _guarded(view: View, back: str) -> View:
    @functools.wraps(view)
    def guarded(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        limit = SENDING_SECONDS if request.method == "POST" else OPENING_SECONDS
        if _seconds_since_proof(request) <= limit:
            return view(request, *args, **kwargs)
        return _ask_again(request, reverse(back) if back else request.get_full_path())

    return guarded


def _seconds_since_proof(request: TeamRequest) -> float:
    records = get_authentication_records(request, request.user)
    moments = [request.session.get(SESSION_KEY, 0), *(record.get("at", 0) for record in records)]
    return time.time() - max(moments)


def _ask_again(request: TeamRequest, target: str) -> HttpResponseBase:
    """What was sent is not kept anywhere: it may hold a secret."""
    if request.method == "POST":
        messages.warning(
            request,
            _(
                "Nothing was changed: the page was open too long. Confirm that it is you, then enter it again."
            ),
        )
    url = f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: target})}"
    is_fragment = request.htmx and not request.htmx.boosted
    return HttpResponseClientRedirect(url) if is_fragment else redirect(url)
