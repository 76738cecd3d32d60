"""Tencent Container Registry (TCR), personal and enterprise instances."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, GuideLogin, Provider


class TencentTcr(Provider):
    name = "tencent_tcr"
    title = _("Tencent TCR")
    icon = "cloud"
    tagline = _("Tencent Container Registry, personal or enterprise")
    host_example = "my-company.tencentcloudcr.com"
    host_help = _("Enterprise: INSTANCE.tencentcloudcr.com. Personal: ccr.ccs.tencentyun.com.")
    host_patterns = ("*.tencentcloudcr.com", "*.ccs.tencentyun.com")
    username_example = "100012345678"
    username_help = _("The account's numeric ID, or a service account such as tcr$builder.")
    secret_name = _("Access credential")
    secret_steps = (
        _("Open Container Registry in the console, then the instance, then Access credential."),
        _(
            "Make a service account with rights on the namespaces that you use, or a long-term "
            "access credential."
        ),
        _("A temporary login ends after one hour and is no use to scheduled work."),
    )
    console = "https://console.cloud.tencent.com/tcr"
    push_requirement = _(
        "The namespace, and the repository where automatic creation is off, must exist before "
        "the first push."
    )
    example = "my-company/my-app"
    guide_login = GuideLogin(
        username=_("the numeric account ID, or a service account"),
        secret=_(
            "a long-term access credential, or the service account's; the temporary one lasts one "
            "hour"
        ),
        before_push=_("the namespace must exist"),
        username_code="tcr$…",
    )
    requires_login_to_push = True
    advice = Advice(
        missing=_(
            "On Tencent TCR the namespace and the repository must be created before the first push."
        ),
        login=_(
            "Log in with the account's numeric id and the registry's own password, or with a "
            "temporary pair, valid for one hour."
        ),
        limit=_("Tencent TCR allows about ten requests a second; try again later."),
    )
