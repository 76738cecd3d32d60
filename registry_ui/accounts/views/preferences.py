"""Pages of a person's preferences."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from .. import services
from ..forms import PreferencesForm, SwitchTeamForm
from ..middleware import SESSION_KEY
from ..models import User
from ..redirects import local_url
from ..requests import TeamRequest


@sensitive_post_parameters("current_password")
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: TeamRequest) -> HttpResponse:
    # A row of its own: an invalid form must not change `request.user`, which the page shows.
    form = PreferencesForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return render(
            request,
            "accounts/preferences.html",
            {"form": form},
            status=422 if form.is_bound else 200,
        )
    services.change_preferences(user=request.user, values=form.cleaned_data)
    messages.success(request, _("Your preferences are saved."))
    return redirect("accounts:preferences")


@require_POST
def switch_team(request: TeamRequest) -> HttpResponse:
    form = SwitchTeamForm(request.POST, user=request.user)
    if not form.is_valid():
        raise Http404
    request.session[SESSION_KEY] = form.cleaned_data["team"].pk
    return redirect(local_url(request, request.POST.get("next", "")) or "web:overview")
