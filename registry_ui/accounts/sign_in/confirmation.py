"""A second confirmation before sensitive pages.

A browser that was left signed in must not open a form for credentials. Sending a form is allowed
for longer than opening it, so that nobody has to type a secret twice.
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

from ..requests import TeamRequest

View = Callable[..., HttpResponseBase]

SESSION_KEY = "signed_in_at"
OPENING_SECONDS = 30 * 60
SENDING_SECONDS = 60 * 60


def record_sign_in_time(sender: Any, request: HttpRequest | None, **_kwargs: Any) -> None:
    """Store the time of the sign-in in the session (receiver of `user_logged_in`)."""
    if request is not None and hasattr(request, "session"):
        request.session[SESSION_KEY] = int(time.time())


def needs_recent_sign_in(view: View) -> View:
    """Guard a view that also accepts GET: it is shown again after the confirmation."""
    return _guarded(view, "")


def needs_recent_sign_in_for(back: str) -> Callable[[View], View]:
    """Guard a view that accepts only POST.

    After the confirmation, the page with the URL name `back`, which has the button, is shown.
    """
    return functools.partial(_guarded, back=back)


def _guarded(view: View, back: str) -> View:
    @functools.wraps(view)
    def wrapper(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        limit = SENDING_SECONDS if request.method == "POST" else OPENING_SECONDS
        if _seconds_since_confirmation(request) <= limit:
            return view(request, *args, **kwargs)
        return _redirect_to_confirmation(
            request, reverse(back) if back else request.get_full_path()
        )

    return wrapper


def _seconds_since_confirmation(request: TeamRequest) -> float:
    # allauth records each method, of the sign-in and of later confirmations, with its time.
    records = get_authentication_records(request, request.user)
    # 0 is the year 1970: a session without any record has to be confirmed.
    times: list[float] = [
        request.session.get(SESSION_KEY, 0),
        *(record.get("at", 0) for record in records),
    ]
    return time.time() - max(times)


def _redirect_to_confirmation(request: TeamRequest, target: str) -> HttpResponseBase:
    # A form that was sent is not stored for later: it may hold a secret.
    if request.method == "POST":
        messages.warning(
            request,
            _(
                "Nothing was changed: the page was open too long. "
                "Confirm that it is you, then enter it again."
            ),
        )

    url = f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: target})}"
    # htmx would follow a redirect itself and swap the sign-in page into the fragment.
    is_fragment = request.htmx and not request.htmx.boosted
    return HttpResponseClientRedirect(url) if is_fragment else redirect(url)
