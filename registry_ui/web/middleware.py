import contextlib
import gzip
import io
import re
import secrets
import zoneinfo
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# No inline script or style: pages show text of other people, such as image labels.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_GZIP = re.compile(r"\bgzip\b")
# A shorter page fits into one packet anyway.
_MIN_COMPRESSED = 500
_RANDOM_BYTES = 100
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeadersMiddleware:
    """Middleware that sets security headers, and forbids caches to store pages.

    Static files are served by a middleware before this one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        # Also set by later middleware, which a request that is refused earlier does not reach.
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        # Pages have data of teams: neither a proxy nor the back button may show them to others.
        if "no-store" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = "no-store"
        return response


class PageCompressionMiddleware:
    """Middleware that compresses pages and their fragments.

    Downloads are left as they are: a range of an archive counts its own bytes. Django's own
    GZipMiddleware has one level, 6, which takes longer than a page of tags takes to render.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if (
            not is_page
            or not isinstance(response, HttpResponse)
            or len(response.content) < _MIN_COMPRESSED
        ):
            return response

        patch_vary_headers(response, ("Accept-Encoding",))
        if _GZIP.search(request.headers.get("Accept-Encoding", "")):
            response.content = _gzipped(response.content)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _gzipped(content: bytes) -> bytes:
    # A name of random length in the header, so that the size of a page does not reveal its token
    # ("Heal the Breach", as in django.utils.text.compress_string).
    name = "a" * secrets.randbelow(_RANDOM_BYTES)
    packed = io.BytesIO()
    with gzip.GzipFile(name, "wb", compresslevel=1, fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


class SignInMiddleware(LoginRequiredMiddleware):
    """Middleware that requires a sign-in for every view without `login_not_required`.

    Public views load no session, so that the health check answers without a database.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class LocaleChoiceMiddleware:
    """Middleware that activates the user's time zone and language.

    Without a choice these are the installation's time zone and the browser's language, which
    LocaleMiddleware has set.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            # The thread serves other requests afterwards.
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return
        name = getattr(request.user, "time_zone", "")
        # A zone that this system does not know is ignored.
        with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
            timezone.activate(zoneinfo.ZoneInfo(name or settings.TIME_ZONE))
        language = getattr(request.user, "language", "")
        # A version without the language that a person chose must still work.
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language


class FragmentMiddleware:
    """Middleware for htmx fragments: redirects to the sign-in page, and appends messages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not _is_fragment(request):
            return response
        if _leads_to_sign_in(response):
            # htmx would follow a 302 and insert the sign-in page into the fragment.
            return HttpResponseClientRedirect(response.headers["Location"])
        if isinstance(response, HttpResponse) and _can_have_messages(response):
            _append_messages(request, response)
        return response


def _is_fragment(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    )


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    location = urlsplit(response.headers.get("Location", ""))
    # The path alone: the query names the page that was asked for.
    return response.status_code == 302 and location.path == resolve_url(settings.LOGIN_URL)


def _can_have_messages(response: HttpResponse) -> bool:
    # htmx swaps 200, 286 (stop polling) and 422 (form errors) into the page.
    html = response.headers.get("Content-Type", "").startswith("text/html")
    full_page = "HX-Redirect" in response.headers or "HX-Refresh" in response.headers
    return html and not full_page and response.status_code in (200, 286, 422)


def _append_messages(request: HttpRequest, response: HttpResponse) -> None:
    messages = get_messages(request)
    # The messages that the view has added; the page that is open shows them out of band.
    if len(messages):
        response.write(
            render_to_string(
                "web/_toasts.html", {"messages": messages, "out_of_band": True}, request
            )
        )
