"""URLs of allauth's pages for signing in.

allauth's other pages (sign-up, addresses, codes) have no URL. The names are allauth's: its code
reverses them.
"""

from allauth.account import views
from django.conf import settings
from django.urls import include, path, re_path

from .confirmation import needs_recent_sign_in

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", needs_recent_sign_in(views.password_set), name="account_set_password"),
    path("factors/", include("registry_ui.accounts.sign_in.factor_urls")),
    path("sso/", include("registry_ui.accounts.sign_in.sso_urls")),
]

if settings.EMAIL_CONFIGURED:
    urlpatterns += [
        path("password/reset/", views.password_reset, name="account_reset_password"),
        path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
        path(
            "password/reset/key/done/",
            views.password_reset_from_key_done,
            name="account_reset_password_from_key_done",
        ),
        re_path(
            r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            views.password_reset_from_key,
            name="account_reset_password_from_key",
        ),
    ]
