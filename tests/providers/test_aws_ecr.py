import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.aws_ecr import AwsEcr
from registry_ui.providers.repository_lists import ListingUnavailable
from tests.parts.repository_lists import CATALOG
from tests.parts.scripted_server import Reply


@pytest.mark.parametrize(
    "host",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr-ecr-fips.us-east-1.on.aws",
        "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
        "public.ecr.aws",
        "ecr-public.aws.com",
    ],
)
def test_its_hosts_are_recognized(host):
    assert AwsEcr().matches_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "s3.amazonaws.com",
        "1.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "1.dkr-ecr.eu-west-1.on.aws.evil.example",
        "evil.ecr-public.aws.com",
    ],
)
def test_similar_hosts_are_not_its_own(host):
    assert not AwsEcr().matches_host(host)


def test_its_advice_is_its_own():
    assert "create-repository --repository-name team/app" in advice_for(
        "123.dkr.ecr.eu-west-1.amazonaws.com", "missing", repository="team/app"
    )


def test_the_public_registry_has_two_hosts_that_trust_each_other():
    assert AwsEcr().token_hosts("public.ecr.aws") == ("ecr-public.aws.com",)
    assert AwsEcr().token_hosts("ecr-public.aws.com") == ("public.ecr.aws",)
    assert AwsEcr().token_hosts("123456789012.dkr.ecr.eu-west-1.amazonaws.com") == ()


def test_a_secret_ends_after_twelve_hours():
    assert AwsEcr().new_secret_expiry() is not None


def test_ecrs_refusal_is_explained(server, list_of):
    server.on("GET", CATALOG, Reply(405))
    with pytest.raises(ListingUnavailable, match=r"^listing_unavailable provider=aws_ecr "):
        list_of("aws_ecr")
