"""Huawei Cloud SoftWare Repository for Container (SWR)."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class HuaweiSwr(Provider):
    name = "huawei_swr"
    title = _("Huawei SWR")
    is_addable = False
    host_patterns = ("swr.*.myhuaweicloud.com",)
    advice = Advice(
        missing=_("On Huawei SWR the organisation must be created before the first push."),
        login=_(
            "Log in as region@AccessKey with the derived login key; temporary logins end after "
            "twenty-four hours."
        ),
    )
