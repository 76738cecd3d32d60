"""The way to the provider and back. allauth sends a state and PKCE; here the nonce is added, and the answer looked at closely."""

import secrets
from typing import Any

import requests
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from . import the_provider
from .adapter import SingleSignOnAdapter, unreachable

# What a provider's documents may lack, or have in another shape.
_ODD_DOCUMENTS = (requests.RequestException, KeyError, TypeError, ValueError, AttributeError)


class _OpenIdAdapter(OpenIDConnectOAuth2Adapter):
    state: dict[str, Any]

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("sso_callback"))

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        claims = said.get("id_token") or {}
        nonce = (self.state.get("data") or {}).get("nonce", "")
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuth2Error("The ID token carries another nonce.")
        # OpenID Connect Core 5.3.2: the answer of the userinfo endpoint is about the person of the ID token, or not used.
        if "userinfo" in said and said["userinfo"].get("sub") != claims.get("sub"):
            raise OAuth2Error("The userinfo is about somebody else.")
        return login


class _CallbackView(OAuth2CallbackView):
    adapter: _OpenIdAdapter

    def _get_state(
        self, request: HttpRequest, provider: Any
    ) -> tuple[dict[str, Any] | None, HttpResponseBase | None]:
        self.adapter.state, response = super()._get_state(request, provider)
        return self.adapter.state, response


def leave_for_provider(
    request: HttpRequest, *, process: str, confirms: int | None = None
) -> HttpResponseBase:
    """A page that leads on to the provider: the content security policy lets no form lead to another site."""
    data: dict[str, Any] = {"nonce": secrets.token_urlsafe(24)}
    parameters: dict[str, Any] = {"nonce": data["nonce"]}
    if confirms is not None:
        data["confirms"] = confirms
        # With max_age the provider has to say when it asked; with 0 some ask for ever.
        parameters |= {"prompt": "login", "max_age": 60}
    try:
        provider: OpenIDConnectProvider = SingleSignOnAdapter(request).get_provider(
            request, the_provider().provider_id
        )
        provider.oauth2_adapter_class = _OpenIdAdapter
        answer = provider.redirect(
            request,
            process=process,
            next_url=get_next_redirect_url(request),
            data=data,
            auth_params=parameters,
        )
    except _ODD_DOCUMENTS as exc:
        return unreachable(request, exc)
    context = {"provider": the_provider(), "address": answer.headers["Location"]}
    return render(request, "socialaccount/leaving.html", context)


def come_back(request: HttpRequest) -> HttpResponseBase:
    adapter = _OpenIdAdapter(request, the_provider().provider_id)
    view = _CallbackView()
    view.request, view.adapter = request, adapter
    try:
        return view.dispatch(request)
    except ImmediateHttpResponse as exc:
        return exc.response
    except _ODD_DOCUMENTS as exc:
        return unreachable(request, exc)
