"""The page of a mirror's webhook."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registry_ui.accounts.permissions import require_admin
from registry_ui.accounts.requests import TeamRequest
from registry_ui.providers.catalogue import PROVIDERS
from registry_ui.providers.webhooks import list_setups

from ..services import webhooks
from .mirror import visible_mirror


@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the webhook; POST creates a new secret, which only this response shows."""
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    webhook_row, secret = getattr(mirror, "webhook", None), ""
    if request.method == "POST":
        webhook_row, secret = webhooks.create_webhook(mirror, request.user)

    address = (
        settings.URL + reverse("mirrors:webhook_call", args=[webhook_row.pk])
        if webhook_row is not None
        else ""
    )

    return render(
        request,
        "mirrors/webhook.html",
        {
            "mirror": mirror,
            "webhook": webhook_row,
            "secret": secret,
            "address": address,
            "setups": list_setups(PROVIDERS, address, secret or "THE-SECRET"),
        },
    )


@require_POST
def remove(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    webhooks.remove_webhook(mirror, request.user)
    messages.success(request, _("The webhook is removed: whoever calls it is refused."))
    return redirect("mirrors:detail", mirror.pk)
