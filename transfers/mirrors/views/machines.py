"""What machines ask: a monitor for its figures, and a registry that tells of a push. Neither has a session; each shows a secret."""

import hmac
import secrets
import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from registry_ui.accounts.encryption import DecryptionFailed

from ...models import MirrorHook
from .. import hooks
from ..metrics import exposition

# Of a hook that is not there: nobody knows it.
_NOBODYS = secrets.token_urlsafe()


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus. The names of all teams' rules are in it, so it wants a token, and without a configured one is not there."""
    if not settings.METRICS_TOKEN:
        raise Http404
    shown = request.headers.get("Authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return _refused()
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


# No cookie is read, so that there is none that a foreign page could misuse.
@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """For distribution's notifications and Harbor's webhooks."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > hooks.LONGEST_BODY:
        return JsonResponse({"error": _("The body is too long.")}, status=413)
    found = MirrorHook.objects.select_related("mirror").filter(pk=pk).first()
    # A hook that is not there costs the same time and gets the same answer as a wrong secret.
    if not hooks.is_from_holder(_secret_of(found), request.headers, request.body) or found is None:
        return _refused()
    try:
        pushes = hooks.read_pushes(request.body)
    except ValueError:
        return JsonResponse(
            {"error": _("These are neither distribution's notifications nor a webhook of Harbor.")},
            status=400,
        )
    return JsonResponse({"started": hooks.call(found, pushes)}, status=202)


def _secret_of(found: MirrorHook | None) -> str:
    try:
        return found.secret.reveal() if found is not None else _NOBODYS
    except DecryptionFailed:
        return _NOBODYS


def _refused() -> HttpResponse:
    response = JsonResponse({"error": _("The secret is missing or wrong.")}, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response
