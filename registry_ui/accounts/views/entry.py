"""Links that let somebody in: the first administrator, and who was invited."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from .. import services
from ..forms import SetupForm

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if not services.is_valid_setup_token(token):
        raise Http404
    form = SetupForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    values = form.cleaned_data
    try:
        user = services.create_first_administrator(
            token=token, username=values["username"], email=values["email"], password=values["password"], team_name=values["team_name"]
        )
    except services.SetupRefused as exc:
        raise Http404 from exc
    login(request, user, backend=BACKEND)
    messages.success(request, _("Welcome. This installation is yours now."))
    return redirect("web:overview")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    raise Http404
