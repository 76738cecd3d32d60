"""Pages of notification channels. An address is write-only."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import may_here, needs_role, require_admin
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe
from registry_ui.web.polling import STOP_POLLING, is_fragment

from . import services
from .addresses import SERVICES, SERVICES_BY_SCHEME
from .forms import ChannelForm
from .messages import ChannelUser, channel_users
from .models import Notice, NotificationChannel
from .queue import NOTICES

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass
class ListedChannel:
    """A channel with its latest notice."""

    channel: NotificationChannel

    @property
    def service(self) -> str:
        return str(SERVICES_BY_SCHEME[self.channel.scheme].title)

    @cached_property
    def latest(self) -> Notice | None:
        return self.channel.notices.order_by("-created_at").first()

    @property
    def is_sending(self) -> bool:
        return self.latest is not None and not self.latest.is_terminal

    @property
    def users(self) -> list[ChannelUser]:
        return channel_users(self.channel)


@require_safe
def channels(request: TeamRequest) -> HttpResponse:
    rows = NotificationChannel.objects.filter(team=request.team)
    listed = [ListedChannel(row) for row in rows]

    # The page polls only while a test message is in delivery.
    is_live = any(channel.is_sending for channel in listed)
    context = {
        "channels": listed,
        "is_live": is_live,
        "trouble": NOTICES.problem() if is_live else "",
        "may_edit": may_here(request, Role.ADMIN),
    }

    if is_fragment(request):
        return render(
            request,
            "notifications/channels.html#rows",
            context,
            status=200 if is_live else STOP_POLLING,
        )

    return render(request, "notifications/channels.html", context)


@sensitive_post_parameters("address")
@_form_methods
@needs_role(Role.ADMIN)
def add(request: TeamRequest) -> HttpResponse:
    assert request.team is not None  # needs_role has refused everybody without one.
    return _form(
        request, ChannelForm(request.POST if request.method == "POST" else None, team=request.team)
    )


@sensitive_post_parameters("address")
@_form_methods
def edit(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    return _form(
        request,
        ChannelForm(
            request.POST if request.method == "POST" else None, team=channel.team, channel=channel
        ),
    )


def _form(request: TeamRequest, form: ChannelForm) -> HttpResponse:
    if form.is_valid() and _save(request, form):
        return redirect("notifications:channels")
    context = {"form": form, "channel": form.channel, "services": SERVICES}
    return render(
        request, "notifications/channel_form.html", context, status=422 if form.is_bound else 200
    )


def _save(request: TeamRequest, form: ChannelForm) -> bool:
    values = form.cleaned_data

    # The same values for a new channel and a changed one.
    values_to_save = {"user": request.user, "name": values["name"], "address": values["address"]}
    try:
        if form.channel is None:
            services.add_channel(team=form.team, **values_to_save)
        else:
            services.change_channel(channel=form.channel, **values_to_save)
    except OciError as exc:
        form.add_error("address", str(describe(exc)))
        return False
    except ValidationError as exc:
        form.add_error(None, exc)
        return False

    messages.success(
        request,
        _("Saved the channel “%(name)s”. Send a test message to check it.")
        % {"name": values["name"]},
    )

    return True


@require_POST
def test(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    services.test_channel(channel=channel, user=request.user)
    messages.info(request, _("Sending a test message to “%(name)s”.") % {"name": channel.name})
    return redirect("notifications:channels")


@_form_methods
def remove(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    if request.method != "POST":
        return render(
            request,
            "notifications/channel_remove.html",
            {"channel": channel, "users": channel_users(channel)},
        )

    # The name is gone after the deletion.
    name = channel.name
    services.remove_channel(channel=channel, user=request.user)
    messages.success(request, _("Removed the channel “%(name)s”.") % {"name": name})
    return redirect("notifications:channels")


def _visible(request: TeamRequest, pk: uuid.UUID) -> NotificationChannel:
    # Outsiders get 404, as for an unknown channel.
    return get_object_or_404(
        NotificationChannel.objects.visible_to(request.user).select_related("team"), pk=pk
    )
