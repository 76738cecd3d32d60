"""Azure Container Registry (ACR)."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class AzureAcr(Provider):
    name = "azure_acr"
    title = _("Azure ACR")
    is_addable = False
    host_patterns = ("*.azurecr.io", "*.azurecr.cn", "*.azurecr.us")
    advice = Advice(
        denied_push=_("The identity needs the role AcrPush on this registry."),
        denied_pull=_("The identity needs the role AcrPull on this registry."),
        denied_deletion=_("The identity needs the role AcrDelete on this registry."),
        login=_(
            "Use a service principal, a repository-scoped token, or the admin account where it "
            "is enabled."
        ),
    )
