"""URLs of single sign-on; without a provider, they answer with 404."""

from django.urls import path

from . import sso_views

urlpatterns = [
    path("sign-in/", sso_views.sign_in, name="sso_sign_in"),
    path("callback/", sso_views.callback, name="sso_callback"),
    path("link/", sso_views.link, name="sso_link"),
    path("confirm/", sso_views.confirm, name="sso_confirm"),
    # allauth reverses this name.
    path("cancelled/", sso_views.cancelled, name="socialaccount_login_cancelled"),
]
