"""Facts about each registry provider: hosts, username format, steps to create a token.

One entry per provider. Some modules still name a provider: see docs/add-a-provider.md.
"""

import fnmatch
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.reference import DOCKER_HUB

_Text = str | Promise

# Public, VPC and internal hosts of a region, of personal and enterprise instances.
_ALIYUN_REGION = re.compile(
    r"(?:[a-z0-9-]+-)?registry(?:-vpc|-internal)?\.([a-z]{2,4}-[a-z0-9-]+)(?:\.cr)?\.aliyuncs\.com"
)

# Token services of well-known registries that are no provider of their own.
_TOKEN_HOSTS = {"registry.gitlab.com": ("gitlab.com",)}


class Provider(models.TextChoices):
    DOCKER_HUB = "docker_hub", _("Docker Hub")
    ALIYUN_ACR = "aliyun_acr", _("Aliyun ACR")
    TENCENT_TCR = "tencent_tcr", _("Tencent TCR")
    AWS_ECR = "aws_ecr", _("AWS ECR")
    HARBOR = "harbor", _("Harbor")
    GHCR = "ghcr", _("GitHub (GHCR)")
    PRIVATE = "private", _("Private registry")
    # The value is stored in rows.
    BUILTIN = "this", _("Built-in registry")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """The facts about one provider.

    Args:
        host: fixed for a provider with one host only; empty for others.
        host_patterns: patterns that recognise a host of the provider.
        secret_name: the provider's word for the secret.
        secret_steps: the steps to create a secret that can be revoked.
        secret_lifetime: the validity of such a secret, if the provider limits it.
        push_requirement: the thing that must exist before the first push.
        namespaces_label: the label of the field for namespaces or projects to list; empty if the
            provider does not list by them.
        namespaces_help, namespaces_example: the help text and example of that field.
        has_catalog: whether the provider lists all of its repositories.
        no_listing_reason: why the provider does not list its repositories.
        has_own_network: whether it can be in a private network, with own connection settings.
        example: an example of a repository name.
    """

    provider: Provider
    icon: str
    tagline: _Text
    host: str = ""
    host_example: str = ""
    host_help: _Text = ""
    host_patterns: tuple[str, ...] = ()
    username_example: str = ""
    username_help: _Text = ""
    secret_name: _Text
    secret_steps: tuple[_Text, ...] = ()
    console: str = ""
    secret_lifetime: timedelta | None = None
    push_requirement: _Text = ""
    namespaces_label: _Text = ""
    namespaces_help: _Text = ""
    namespaces_example: str = ""
    has_catalog: bool = True
    no_listing_reason: _Text = ""
    has_own_network: bool = False
    example: str

    @property
    def title(self) -> str:
        return str(self.provider.label)

    def new_secret_expiry(self) -> datetime | None:
        """Return the expiry of a secret created now; None if the provider does not limit it."""
        return timezone.now() + self.secret_lifetime if self.secret_lifetime else None

    def token_hosts(self, host: str) -> tuple[str, ...]:
        """Return the hosts of the provider's own token services for a registry."""
        if self.provider is not Provider.ALIYUN_ACR:
            return _TOKEN_HOSTS.get(host, ())

        # Exact names: a pattern such as dockerauth.*.aliyuncs.com would also match names that the
        # provider's customers can choose.
        match = _ALIYUN_REGION.fullmatch(host)
        if match is None:
            return ()
        return tuple(
            f"{name}.{match[1]}.aliyuncs.com"
            for name in ("dockerauth", "dockerauth-ee", "dockerauth-vpc")
        )

    def matches_host(self, host: str) -> bool:
        return any(fnmatch.fnmatchcase(host, pattern) for pattern in self.host_patterns)


_FACTS = (
    ProviderFacts(
        provider=Provider.DOCKER_HUB,
        icon="brand-docker",
        tagline=_("docker.io, where short names such as nginx come from"),
        host=DOCKER_HUB,
        host_patterns=(DOCKER_HUB,),
        username_example="johndoe",
        username_help=_(
            "Your Docker ID, or the organisation's name for an organisation's token. Not the "
            "e-mail address."
        ),
        secret_name=_("Access token"),
        secret_steps=(
            _("Sign in at Docker Hub and open Account settings, then Personal access tokens."),
            _("Generate a token: Read-only is enough to pull, pushing needs Read & Write."),
            _(
                "Copy it here. It is shown once, can be revoked by itself, and works where "
                "two-factor login is on."
            ),
        ),
        console="https://app.docker.com/settings/personal-access-tokens",
        push_requirement=_(
            "A repository is made by the first push; its name begins with your user name or your "
            "organisation."
        ),
        namespaces_label=_("Namespaces to list"),
        namespaces_help=_(
            "User names and organisations, one a line. Left empty, those that the team's "
            "credentials log in as."
        ),
        namespaces_example="my-company",
        example="johndoe/my-app",
    ),
    ProviderFacts(
        provider=Provider.ALIYUN_ACR,
        icon="cloud",
        tagline=_("Alibaba Cloud Container Registry, personal or enterprise"),
        host_example="registry.cn-hangzhou.aliyuncs.com",
        host_help=_(
            "Personal: registry.REGION.aliyuncs.com. Enterprise: "
            "INSTANCE-registry.REGION.cr.aliyuncs.com."
        ),
        host_patterns=("*.aliyuncs.com", "*.aliyuncs.com.cn"),
        username_example="johndoe@example",
        username_help=_("The Alibaba Cloud account's name; a RAM user's is user@company-alias."),
        secret_name=_("Registry password"),
        secret_steps=(
            _("Open Container Registry in the console, then the instance, then Access credential."),
            _(
                "Set the fixed password of the registry. It is not the password of the Alibaba "
                "Cloud account."
            ),
            _(
                "Better, use a RAM user of its own with rights on one namespace. A temporary "
                "password ends after one hour."
            ),
        ),
        console="https://cr.console.aliyun.com",
        push_requirement=_(
            "The namespace must exist before the first push: make it in the console."
        ),
        has_catalog=False,
        no_listing_reason=_(
            "Aliyun ACR does not tell a registry login what repositories there are."
        ),
        example="my-company/my-app",
    ),
    ProviderFacts(
        provider=Provider.TENCENT_TCR,
        icon="cloud",
        tagline=_("Tencent Container Registry, personal or enterprise"),
        host_example="my-company.tencentcloudcr.com",
        host_help=_("Enterprise: INSTANCE.tencentcloudcr.com. Personal: ccr.ccs.tencentyun.com."),
        host_patterns=("*.tencentcloudcr.com", "*.ccs.tencentyun.com"),
        username_example="100012345678",
        username_help=_("The account's numeric ID, or a service account such as tcr$builder."),
        secret_name=_("Access credential"),
        secret_steps=(
            _("Open Container Registry in the console, then the instance, then Access credential."),
            _(
                "Make a service account with rights on the namespaces that you use, or a long-term "
                "access credential."
            ),
            _("A temporary login ends after one hour and is no use to scheduled work."),
        ),
        console="https://console.cloud.tencent.com/tcr",
        push_requirement=_(
            "The namespace, and the repository where automatic creation is off, must exist before "
            "the first push."
        ),
        example="my-company/my-app",
    ),
    ProviderFacts(
        provider=Provider.AWS_ECR,
        icon="brand-aws",
        tagline=_("Amazon Elastic Container Registry, one host a region"),
        host_example="123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        host_help=_("ACCOUNT.dkr.ecr.REGION.amazonaws.com, with the twelve digits of the account."),
        host_patterns=(
            "*.dkr.ecr.*.amazonaws.com",
            "*.dkr.ecr.*.amazonaws.com.cn",
            "*.dkr.ecr-fips.*.amazonaws.com",
            "public.ecr.aws",
        ),
        username_example="AWS",
        username_help=_("Always AWS, in capitals."),
        secret_name=_("Authorization token"),
        secret_steps=(
            _(
                "Where the AWS command line is set up, run: aws ecr get-login-password --region "
                "REGION"
            ),
            _("Copy what it prints. It is valid for twelve hours; after that enter a new one."),
            _("An access key and its secret are no login for the registry itself."),
        ),
        secret_lifetime=timedelta(hours=12),
        no_listing_reason=_("AWS ECR does not tell this login what repositories there are."),
        push_requirement=_(
            "Each repository must be created before the first push: aws ecr create-repository "
            "--repository-name NAME"
        ),
        example="my-company/my-app",
    ),
    ProviderFacts(
        provider=Provider.HARBOR,
        icon="anchor",
        tagline=_("A Harbor of your own, with projects and robot accounts"),
        host_example="harbor.example.com",
        host_help=_("As in the address of its web page, with no https:// and no path."),
        username_example="robot$my-project+builder",
        username_help=_("A robot account, such as robot$project+name, or your user name."),
        secret_name=_("Robot secret or CLI secret"),
        secret_steps=(
            _(
                "Open the project in Harbor, then Robot Accounts, and make one with the rights "
                "that it needs."
            ),
            _("Copy its secret: it is shown once. Its expiry belongs into this form."),
            _(
                "With single sign-on, a person's secret is the CLI secret of the user profile, not "
                "the password."
            ),
        ),
        push_requirement=_(
            "The project, the first part of the name, must exist before the first push."
        ),
        namespaces_label=_("Projects to list"),
        namespaces_help=_("One a line. Left empty, every project that the login may see."),
        namespaces_example="my-project",
        has_own_network=True,
        example="my-project/my-app",
    ),
    ProviderFacts(
        provider=Provider.GHCR,
        icon="brand-github",
        tagline=_("ghcr.io, GitHub's packages"),
        host="ghcr.io",
        host_patterns=("ghcr.io",),
        username_example="johndoe",
        username_help=_("Your GitHub user name, also for an organisation's packages."),
        secret_name=_("Personal access token (classic)"),
        secret_steps=(
            _(
                "Open Settings in GitHub, then Developer settings, then Personal access tokens, "
                "then Tokens (classic)."
            ),
            _(
                "Generate one with read:packages to pull, and write:packages to push. Fine-grained "
                "tokens do not work here."
            ),
            _("Give it an expiry, and enter the same here: a warning comes in time."),
        ),
        console="https://github.com/settings/tokens",
        push_requirement=_("A package is made by the first push, private at first."),
        has_catalog=False,
        no_listing_reason=_("GHCR does not tell a registry login what packages there are."),
        example="johndoe/my-app",
    ),
    ProviderFacts(
        provider=Provider.PRIVATE,
        icon="server-2",
        tagline=_("Any other registry: Quay, GitLab, Nexus, distribution …"),
        host_example="registry.example.com:5000",
        host_help=_("The host, with its port where that is not the usual one."),
        username_example="builder",
        username_help=_("The user, robot or deploy account of the registry."),
        secret_name=_("Token or password"),
        secret_steps=(
            _(
                "Where the registry offers tokens, robot accounts or deploy tokens, make one for "
                "this team alone."
            ),
            _("Give it the least that it needs: pulling only, or pushing to your namespace."),
            _("A token can be revoked by itself; a password opens the whole account."),
        ),
        has_own_network=True,
        example="my-company/my-app",
    ),
)
_BUILTIN_REGISTRY = ProviderFacts(
    provider=Provider.BUILTIN,
    icon="home",
    tagline=_("The local images, served to docker, podman and every other client"),
    secret_name=_("API token"),
    push_requirement=_(
        "Names begin with the team's short name. A tag of a local image to such a name is all that "
        "it takes: nothing is copied."
    ),
    example="my-team/my-app",
)
_BY_PROVIDER = {facts.provider: facts for facts in (*_FACTS, _BUILTIN_REGISTRY)}


def list_addable_providers() -> tuple[ProviderFacts, ...]:
    """Return the providers that a team can add; the built-in registry exists by itself."""
    return _FACTS


def provider_facts(provider: str) -> ProviderFacts:
    return _BY_PROVIDER[Provider(provider)]


def detect_provider(host: str) -> Provider:
    """Return the provider of a host, judged by its name."""
    # A port is removed, but not the last group of an IPv6 address in brackets.
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    known = next((facts.provider for facts in _FACTS if facts.matches_host(name)), None)
    if known is not None:
        return known

    # Harbor runs under any domain, but many installations have a label `harbor` in it.
    return Provider.HARBOR if "harbor" in name.split(".") else Provider.PRIVATE
