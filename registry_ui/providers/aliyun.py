"""Alibaba Cloud Container Registry (ACR), personal and enterprise instances."""

import re

from django.utils.translation import gettext_lazy as _

from .provider import Advice, GuideLogin, Provider

# Public, international, VPC and internal hosts of a region: of the personal edition in its older
# and newer form, and of enterprise instances.
_REGION_HOST = re.compile(
    r"(?:"
    r"(?:[a-z0-9-]+-)?registry(?:-intl)?(?:-vpc|-internal)?\.(?P<region>[a-z]{2,4}-[a-z0-9-]+)(?:\.cr)?"
    r"|crpi-[a-z0-9-]+\.(?P<personal>[a-z]{2,4}-[a-z0-9-]+)\.personal\.cr"
    r")\.aliyuncs\.com"
)
_TOKEN_NAMES = ("dockerauth", "dockerauth-ee", "dockerauth-vpc", "dockerauth-ee-vpc")

# Regions whose token service has a name of another form.
_OTHER_TOKEN_HOSTS = {"cn-zhangjiakou": ("dockerauth-cn-zhangjiakou.aliyuncs.com",)}


class AliyunAcr(Provider):
    name = "aliyun_acr"
    title = _("Aliyun ACR")
    icon = "cloud"
    tagline = _("Alibaba Cloud Container Registry, personal or enterprise")
    host_example = "registry.cn-hangzhou.aliyuncs.com"
    host_help = _(
        "Personal: registry.REGION.aliyuncs.com. Enterprise: "
        "INSTANCE-registry.REGION.cr.aliyuncs.com."
    )
    host_patterns = ("*.aliyuncs.com", "*.aliyuncs.com.cn", "*.cr.aliyun.com")
    username_example = "johndoe@example"
    username_help = _("The Alibaba Cloud account's name; a RAM user's is user@company-alias.")
    secret_name = _("Registry password")
    secret_steps = (
        _("Open Container Registry in the console, then the instance, then Access credential."),
        _(
            "Set the fixed password of the registry. It is not the password of the Alibaba "
            "Cloud account."
        ),
        _(
            "Better, use a RAM user of its own with rights on one namespace. A temporary "
            "password ends after one hour."
        ),
    )
    console = "https://cr.console.aliyun.com"
    push_requirement = _("The namespace must exist before the first push: make it in the console.")
    has_catalog = False
    no_listing_reason = _("Aliyun ACR does not tell a registry login what repositories there are.")
    example = "my-company/my-app"
    guide_login = GuideLogin(
        username=_("the account's name; a RAM user has one of its own"),
        secret=_(
            "the registry's fixed password, set under Access credential; it is not the account's"
        ),
        before_push=_("the namespace must exist"),
    )
    requires_login_to_push = True
    advice = Advice(
        missing=_(
            "On Alibaba Cloud ACR the namespace must exist: create it in the console, or "
            "switch on automatic creation of repositories."
        ),
        denied_push=_(
            "On Alibaba Cloud ACR the namespace must exist and the account needs push "
            "rights on it; RAM users have own passwords."
        ),
        denied_pull=_(
            "Check the namespace and the spelling; RAM users have registry passwords of their own."
        ),
        login=_(
            "Use the registry's own fixed password or a temporary one from the console, not the "
            "password of the Alibaba Cloud account."
        ),
        deletion=_("On Alibaba Cloud ACR delete versions in the console, or by its own API."),
        limit=_("Alibaba Cloud ACR allows about fifteen requests a second; try again later."),
    )

    def token_hosts(self, host: str) -> tuple[str, ...]:
        """Return the token services of the host's region."""
        # Exact names: a pattern such as dockerauth.*.aliyuncs.com would also match names that the
        # provider's customers can choose.
        match = _REGION_HOST.fullmatch(host)
        if match is None:
            return ()
        region = match["region"] or match["personal"]
        regular = (f"{name}.{region}.aliyuncs.com" for name in _TOKEN_NAMES)
        return (*regular, *_OTHER_TOKEN_HOSTS.get(region, ()))
