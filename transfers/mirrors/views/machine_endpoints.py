"""Endpoints for machines: Prometheus and the webhooks of registries.

They have no session; each request shows a secret.
"""

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
from registry_ui.providers.catalogue import PROVIDERS

from ..metrics import render_metrics
from ..models import MirrorWebhook
from ..services import webhooks

# Compared for an unknown webhook, so that it takes the same time. Nobody knows this secret.
_DUMMY_SECRET = secrets.token_urlsafe()


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics for Prometheus.

    They name the mirrors of all teams, so a token is required; without a configured token the
    page does not exist.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    token = request.headers.get("Authorization", "")
    if not hmac.compare_digest(token.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return _refused()
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)


# No cookie is read, so a foreign page cannot misuse one.
@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Accept the webhooks of the known kinds of registry."""
    # Before the body is read.
    if int(request.META.get("CONTENT_LENGTH") or 0) > webhooks.MAX_BODY_BYTES:
        return JsonResponse({"error": _("The body is too long.")}, status=413)

    webhook_row = MirrorWebhook.objects.select_related("mirror").filter(pk=pk).first()

    # An unknown webhook costs the same time and gets the same answer as a wrong secret.
    if (
        not webhooks.is_authentic(_reveal_secret(webhook_row), request.headers, request.body)
        or webhook_row is None
    ):
        return _refused()

    try:
        pushes = webhooks.read_pushes(request.body)
    except ValueError:
        formats = ", ".join(
            str(provider.webhook_format) for provider in PROVIDERS if provider.webhook_format
        )
        error = _("The body is in no known format. Known are: %(formats)s.") % {"formats": formats}
        return JsonResponse({"error": error}, status=400)

    return JsonResponse({"started": webhooks.record_call(webhook_row, pushes)}, status=202)


def _reveal_secret(webhook_row: MirrorWebhook | None) -> str:
    try:
        return webhook_row.secret.reveal() if webhook_row is not None else _DUMMY_SECRET
    except DecryptionFailed:
        # The encryption key was replaced: no call can be authentic any more.
        return _DUMMY_SECRET


def _refused() -> HttpResponse:
    response = JsonResponse({"error": _("The secret is missing or wrong.")}, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response
