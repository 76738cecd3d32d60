"""Advice for a person after a registry's refusal, by the registry's provider."""

import fnmatch
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderAdvice:
    """One provider's sentences; an empty one falls back to the general sentence.

    Args:
        hosts: patterns of `fnmatch` for the registry's host, without a port.
        missing: the target repository, namespace or project does not exist.
        denied_push, denied_pull: the credential has too few rights.
        login: the username and secret to log in with.
        limit: the registry asks to slow down.
        denied_deletion, denied_listing: the credential has too few rights for that.
        deletion: the registry does not delete for its clients.
    """

    hosts: tuple[str, ...]
    missing: str = ""
    denied_push: str = ""
    denied_pull: str = ""
    login: str = ""
    limit: str = ""
    denied_deletion: str = ""
    denied_listing: str = ""
    deletion: str = ""


# The last candidate, so it has a sentence for every member.
_GENERAL = ProviderAdvice(
    hosts=("*",),
    missing="Check the spelling; many registries want the project, namespace or repository to be "
    "created there first.",
    denied_push="Use a credential that may push to this repository, and check that its namespace "
    "or project exists.",
    denied_pull="Check the spelling; if the repository is private, use a credential that may pull "
    "from it.",
    login="Check the username and the secret; many registries want an access token instead of the "
    "account's password.",
    limit="Try again later, or with a credential that has a higher limit.",
    denied_deletion="Use a credential that may delete from this repository.",
    denied_listing="Use a credential that may see the whole registry, or add the repositories "
    "that you need by name.",
    deletion="Deletion may be switched off: the registry's administrator can allow it "
    "(storage.delete.enabled in distribution).",
)

# Sources: the providers' own documentation of names, rights and tokens (PROTOCOL.md).
_PROVIDERS = (
    ProviderAdvice(
        hosts=("docker.io",),
        missing="Check the spelling; a private repository also looks missing without a credential "
        "that may see it.",
        denied_push="On Docker Hub the part before the slash must be your user name or an "
        "organisation that you may push to, "
        "and the access token needs the permission Read & Write.",
        denied_pull="Docker Hub answers like this for a private repository and for one that does "
        "not exist: check the spelling, "
        "or use a credential that may see it.",
        login="Log in with your Docker Hub user name and a personal access token (Account "
        "settings, Personal access tokens).",
        limit="Docker Hub limits anonymous pulls by address; sign in with a credential for a "
        "higher limit, or wait.",
        denied_deletion="On Docker Hub the access token needs the permission Read, Write & Delete.",
        deletion="Docker Hub deletes tags on its own pages only: open the repository's tags there.",
    ),
    ProviderAdvice(
        hosts=("*.aliyuncs.com", "*.aliyuncs.com.cn", "*.cr.aliyun.com"),
        missing="On Alibaba Cloud ACR the namespace must exist: create it in the console, or "
        "switch on automatic creation of repositories.",
        denied_push="On Alibaba Cloud ACR the namespace must exist and the account needs push "
        "rights on it; RAM users have own passwords.",
        denied_pull="Check the namespace and the spelling; RAM users have registry passwords of "
        "their own.",
        login="Use the registry's own fixed password or a temporary one from the console, not the "
        "password of the Alibaba Cloud account.",
        deletion="On Alibaba Cloud ACR delete versions in the console, or by its own API.",
        limit="Alibaba Cloud ACR allows about fifteen requests a second; try again later.",
    ),
    ProviderAdvice(
        hosts=(
            "*.dkr.ecr.*.amazonaws.com",
            "*.dkr.ecr.*.amazonaws.com.cn",
            "*.dkr.ecr-fips.*.amazonaws.com",
            "public.ecr.aws",
        ),
        missing="On AWS ECR each repository must be created first: aws ecr create-repository "
        "--repository-name {repository}",
        denied_push="The IAM identity needs ecr:InitiateLayerUpload, ecr:UploadLayerPart, "
        "ecr:CompleteLayerUpload and ecr:PutImage.",
        denied_pull="The IAM identity needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on "
        "this repository.",
        denied_deletion="The IAM identity needs ecr:BatchDeleteImage.",
        deletion="On AWS ECR delete with: aws ecr batch-delete-image --repository-name "
        "{repository} --image-ids imageTag=TAG",
        login="Log in as AWS with a fresh token from aws ecr get-login-password; it is valid for "
        "twelve hours.",
    ),
    ProviderAdvice(
        hosts=("*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"),
        denied_push="The identity needs the role AcrPush on this registry.",
        denied_pull="The identity needs the role AcrPull on this registry.",
        denied_deletion="The identity needs the role AcrDelete on this registry.",
        login="Use a service principal, a repository-scoped token, or the admin account where it "
        "is enabled.",
    ),
    ProviderAdvice(
        hosts=("*-docker.pkg.dev", "gcr.io", "*.gcr.io"),
        missing="On Google Artifact Registry the repository (the second part of the path) must be "
        "created first.",
        denied_push="The identity needs the role Artifact Registry Writer.",
        denied_pull="The identity needs the role Artifact Registry Reader.",
        denied_deletion="The identity needs the role Artifact Registry Repository Administrator.",
        login="Log in as _json_key with a service account's key, or as oauth2accesstoken with a "
        "fresh access token.",
    ),
    ProviderAdvice(
        hosts=("ghcr.io",),
        denied_push="On GHCR the token needs the scope write:packages, and write access to a "
        "package that exists.",
        denied_pull="On GHCR private packages need a classic token with the scope read:packages.",
        deletion="GHCR deletes on GitHub's pages only: open the package's settings there, or use "
        "the Packages API.",
        login="Log in with your GitHub user name and a classic personal access token with "
        "read:packages or write:packages.",
    ),
    ProviderAdvice(
        hosts=("quay.io",),
        denied_push="On Quay the robot account needs write permission here, or the creator role "
        "in its organisation.",
        login="Log in with a robot account (organisation+robot) or an encrypted password.",
    ),
    ProviderAdvice(
        hosts=("*.tencentcloudcr.com", "*.ccs.tencentyun.com"),
        missing="On Tencent TCR the namespace and the repository must be created before the first "
        "push.",
        login="Log in with the account's numeric id and the registry's own password, or with a "
        "temporary pair, valid for one hour.",
        limit="Tencent TCR allows about ten requests a second; try again later.",
    ),
    ProviderAdvice(
        hosts=("swr.*.myhuaweicloud.com",),
        missing="On Huawei SWR the organisation must be created before the first push.",
        login="Log in as region@AccessKey with the derived login key; temporary logins end after "
        "twenty-four hours.",
    ),
    ProviderAdvice(
        hosts=("registry.gitlab.com",),
        missing="On GitLab the path must begin with an existing project's path.",
        denied_push="The token needs the scope write_registry, and the role Developer in the "
        "project.",
        denied_pull="The token needs the scope read_registry.",
        deletion="On GitLab delete tags in the project's container registry page.",
        login="Log in with your user name and a personal access token, or with a deploy token.",
    ),
)

# Without hosts: Harbor is installed under any name.
_HARBOR = ProviderAdvice(
    hosts=(),
    missing="On Harbor the project, the part before the first slash, must exist: have it created "
    "there.",
    denied_push="On Harbor the project must exist, and the account or robot needs the role "
    "Developer or push rights in it.",
    denied_pull="On Harbor a private project needs an account or robot with pull rights in it.",
    denied_deletion="On Harbor the account or robot needs the right to delete artifacts in the "
    "project, or the role Maintainer.",
    login="Log in with a user name and its CLI secret (single sign-on), or with a robot account "
    "(robot$project+name).",
)


def advice_for(host: str, name: str, *, repository: str = "", hint: str = "") -> str:
    """Return one sentence of advice; empty where there is none.

    Args:
        host: the registry as references carry it.
        name: a member of `ProviderAdvice`.
        repository: replaces `{repository}` in the sentence.
        hint: the refusal's own text. Harbor runs under any host, and is recognised by it.
    """
    # The patterns name no ports; a bracketed IPv6 address keeps its colons.
    host_name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host

    candidates = [
        provider
        for provider in _PROVIDERS
        if any(fnmatch.fnmatch(host_name, pattern) for pattern in provider.hosts)
    ]

    # Harbor runs under any host name; only the word "project" in its refusals gives it away.
    if not candidates and ("harbor" in host_name or "project" in hint.lower()):
        candidates = [_HARBOR]

    for provider in (*candidates, _GENERAL):
        sentence = getattr(provider, name)
        if sentence:
            return str(sentence).replace("{repository}", repository)
    return ""
