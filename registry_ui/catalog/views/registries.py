"""Pages that list, show, add, edit, test and remove registries."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import (
    allows,
    may_here,
    needs_role,
    require_admin,
    require_operator,
    role_on,
)
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.sign_in.confirmation import needs_recent_sign_in
from registry_ui.credentials import services
from registry_ui.credentials.connection_test import stage_title
from registry_ui.credentials.summary import find_all_dependents
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import familiar_prefix
from registry_ui.providers.catalogue import (
    GENERAL,
    addable_provider_for_host,
    list_addable_providers,
)
from registry_ui.providers.provider import Provider
from registry_ui.registries.builtin_registry import builtin_registry_prefix
from registry_ui.registries.certificates import authorities_in
from registry_ui.registries.forms import RegistryForm
from registry_ui.registries.hosts import read_host
from registry_ui.registries.models import Registry

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def listing(request: TeamRequest) -> HttpResponse:
    registries = (
        Registry.objects.with_credential_counts().filter(team=request.team).visible_to(request.user)
    )
    # All providers but those whose only host the team has already.
    providers = [provider for provider, registry in _choices(request) if registry is None]
    context = {
        "registries": registries,
        "may_edit": may_here(request, Role.ADMIN),
        "providers": providers,
    }
    return render(request, "registries/list.html", context)


@require_safe
def detail(request: TeamRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.visible_to(request.user), pk=pk)
    return render(request, "registries/detail.html", _detail_context(request, registry))


@_form_methods
@needs_role(Role.ADMIN)
@needs_recent_sign_in
def add(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    provider = _requested_provider(request)
    if provider is None:
        return render(request, "registries/add.html", {"choices": _choices(request)})

    form = RegistryForm(
        request.POST or None,
        team=request.team,
        provider=provider.name,
        initial={"host": request.GET.get("host", "")},
    )
    if form.is_valid():
        try:
            registry = services.add_registry(
                team=request.team,
                user=request.user,
                provider=provider.name,
                values=form.cleaned_data,
            )
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            _report_corrected_host(request, form)
            messages.success(request, _("%(name)s is added.") % {"name": registry.name})
            # The page that follows shows the result of the test.
            services.check_connection(registry)
            return redirect("registries:detail", registry.pk)

    return _form_page(request, form, "registries/add_form.html", {})


@_form_methods
@needs_recent_sign_in
def edit(request: TeamRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.visible_to(request.user), pk=pk)
    require_admin(request.user, registry)
    services.refuse_builtin_registry(registry)
    form = RegistryForm(
        request.POST or None, team=registry.team, provider=registry.provider, registry=registry
    )
    if form.is_valid():
        try:
            changed = services.change_registry(
                registry=registry, user=request.user, values=form.cleaned_data
            )
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            _report_corrected_host(request, form)
            _after_change(request, changed, form)
            return redirect("registries:detail", registry.pk)

    return _form_page(request, form, "registries/edit.html", {"registry": registry})


@_form_methods
@needs_recent_sign_in
def remove(request: TeamRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(Registry.objects.visible_to(request.user), pk=pk)
    require_admin(request.user, registry)
    services.refuse_builtin_registry(registry)
    if request.method != "POST":
        credentials = registry.credentials.select_related("registry", "team").prefetch_related(
            "grants__team"
        )
        context = {
            "registry": registry,
            "credentials": credentials,
            "dependents": find_all_dependents(*credentials),
        }
        return render(request, "registries/remove.html", context)
    try:
        services.remove_registry(registry=registry, user=request.user)
    except ValidationError as exc:
        messages.error(request, " ".join(exc.messages))
        return redirect("registries:detail", registry.pk)

    messages.success(
        request, _("%(name)s is removed, with its credentials.") % {"name": registry.name}
    )
    return redirect("registries:list")


@require_POST
def test_connection(request: TeamRequest, pk: str) -> HttpResponse:
    """Test the connection. Answers htmx with the report, others with a redirect to the page."""
    registry = get_object_or_404(Registry.objects.visible_to(request.user), pk=pk)
    require_operator(request.user, registry)
    failed = services.check_connection(registry).failed
    if failed is None:
        messages.success(request, _("%(host)s answers.") % {"host": registry.host})
    else:
        messages.error(request, failed.detail)
    if request.htmx and not request.htmx.boosted:
        return render(
            request, "registries/detail.html#connection", _detail_context(request, registry)
        )

    return redirect("registries:detail", registry.pk)


def _detail_context(request: TeamRequest, registry: Registry) -> dict[str, Any]:
    role = role_on(request, registry)
    prefix = familiar_prefix(registry.host)
    example = registry.get_provider().example
    if registry.is_builtin:
        prefix, example = (
            builtin_registry_prefix(registry.team),
            example.replace("my-team", registry.team.slug),
        )

    return {
        "registry": registry,
        "provider": registry.get_provider(),
        "prefix": prefix,
        "example": f"{registry.host}/{example}:1.0",
        "credentials": registry.credentials.select_related("registry"),
        "stages": [{**stage, "title": stage_title(stage["name"])} for stage in registry.report],
        "authorities": authorities_in(registry.ca_certificate),
        "may_edit": allows(role, Role.ADMIN) and not registry.is_builtin,
        "may_test": allows(role, Role.OPERATOR),
    }


def _form_page(
    request: TeamRequest, form: RegistryForm, template: str, context: dict[str, Any]
) -> HttpResponse:
    return render(
        request,
        template,
        {"form": form, "provider": form.provider, **context},
        status=422 if form.is_bound else 200,
    )


def _requested_provider(request: TeamRequest) -> Provider | None:
    """Return the provider that was selected, or that of the host in the link."""
    name = request.GET.get("provider", "")
    for provider in list_addable_providers():
        if provider.name == name:
            return provider

    host = request.GET.get("host")
    if not host:
        return None
    try:
        return addable_provider_for_host(read_host(host).name)
    except OciError:
        return GENERAL


def _after_change(request: TeamRequest, registry: Registry, form: RegistryForm) -> None:
    messages.success(request, _("%(name)s is changed.") % {"name": registry.name})
    # Other settings do not change the connection.
    if {"host", "security", "ca_certificate", "token_hosts"} & set(form.changed_data):
        services.check_connection(registry)


def _report_corrected_host(request: TeamRequest, form: RegistryForm) -> None:
    if form.corrected_host:
        messages.info(
            request,
            _("Only the host of what you entered was kept: %(host)s.")
            % {"host": form.corrected_host},
        )


def _choices(request: TeamRequest) -> list[tuple[Provider, Registry | None]]:
    """Return the providers, each with the team's registry of its only host, if it exists."""
    known = {registry.host: registry for registry in Registry.objects.filter(team=request.team)}
    return [
        (provider, known.get(provider.host) if provider.host else None)
        for provider in list_addable_providers()
    ]
