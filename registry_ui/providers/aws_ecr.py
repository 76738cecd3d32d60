"""Amazon Elastic Container Registry (ECR), private and public."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from .provider import Advice, GuideLogin, Provider

# Both serve the public registry, and either may name the other's token service.
_PUBLIC_HOSTS = ("public.ecr.aws", "ecr-public.aws.com")


class AwsEcr(Provider):
    name = "aws_ecr"
    title = _("AWS ECR")
    icon = "brand-aws"
    tagline = _("Amazon Elastic Container Registry, one host a region")
    host_example = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    host_help = _("ACCOUNT.dkr.ecr.REGION.amazonaws.com, with the twelve digits of the account.")
    host_patterns = (
        "*.dkr.ecr.*.amazonaws.com",
        "*.dkr.ecr.*.amazonaws.com.cn",
        "*.dkr.ecr.*.amazonaws.eu",
        "*.dkr.ecr-fips.*.amazonaws.com",
        "*.dkr.ecr-fips.*.amazonaws.eu",
        # Dual stack: IPv4 and IPv6.
        "*.dkr-ecr.*.on.aws",
        "*.dkr-ecr-fips.*.on.aws",
        "*.dkr-ecr.*.on.amazonwebservices.com.cn",
        *_PUBLIC_HOSTS,
    )
    username_example = "AWS"
    username_help = _("Always AWS, in capitals.")
    secret_name = _("Authorization token")
    secret_steps = (
        _("Where the AWS command line is set up, run: aws ecr get-login-password --region REGION"),
        _("Copy what it prints. It is valid for twelve hours; after that enter a new one."),
        _("An access key and its secret are no login for the registry itself."),
    )
    secret_lifetime = timedelta(hours=12)
    no_listing_reason = _("AWS ECR does not tell this login what repositories there are.")
    push_requirement = _(
        "Each repository must be created before the first push: aws ecr create-repository "
        "--repository-name NAME"
    )
    example = "my-company/my-app"
    guide_login = GuideLogin(
        username="",
        secret=_("a token that lasts twelve hours:"),
        before_push=_("the repository must exist"),
        username_code="AWS",
        code="aws ecr get-login-password",
    )
    requires_login_to_push = True
    advice = Advice(
        missing=_(
            "On AWS ECR each repository must be created first: aws ecr create-repository "
            "--repository-name {repository}"
        ),
        denied_push=_(
            "The IAM identity needs ecr:InitiateLayerUpload, ecr:UploadLayerPart, "
            "ecr:CompleteLayerUpload and ecr:PutImage."
        ),
        denied_pull=_(
            "The IAM identity needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on "
            "this repository."
        ),
        denied_deletion=_("The IAM identity needs ecr:BatchDeleteImage."),
        deletion=_(
            "On AWS ECR delete with: aws ecr batch-delete-image --repository-name "
            "{repository} --image-ids imageTag=TAG"
        ),
        login=_(
            "Log in as AWS with a fresh token from aws ecr get-login-password; it is valid for "
            "twelve hours."
        ),
    )

    def token_hosts(self, host: str) -> tuple[str, ...]:
        """Return the other host of the public registry; private registries use Basic."""
        if host not in _PUBLIC_HOSTS:
            return ()
        return tuple(name for name in _PUBLIC_HOSTS if name != host)
