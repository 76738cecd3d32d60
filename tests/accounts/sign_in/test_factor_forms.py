import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from django import forms
from django.core.cache import cache
from django.test import RequestFactory

from registry_ui.accounts.sign_in import factor_forms
from registry_ui.accounts.sign_in.factor_forms import EditKeyForm, SignInKeyForm

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


class _Base(forms.Form):
    def clean_code(self):
        return self.cleaned_data["code"]


class CodeForm(factor_forms._CodeForm, _Base):
    code = forms.CharField()

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)


def test_a_code_is_accepted_once_by_each_person(alice, bob):
    assert CodeForm({"code": "123456"}, user=alice).is_valid()
    assert not CodeForm({"code": "123456"}, user=alice).is_valid()
    assert CodeForm({"code": "123456"}, user=bob).is_valid()
    assert CodeForm({"code": "654321"}, user=alice).is_valid()


def test_spaces_around_a_code_make_it_no_other_code(alice):
    assert CodeForm({"code": "123456 "}, user=alice).is_valid()
    assert not CodeForm({"code": " 123456"}, user=alice).is_valid()


@pytest.mark.parametrize(
    "response",
    ["x" * 20_001, '{"id": "\\u0000"}', "[" * 19_000, "no json", ""],
    ids=["large", "zero byte", "deep", "text", "empty"],
)
def test_a_malformed_answer_of_a_passkey_is_a_form_error(response):
    field = factor_forms._KeyForm.base_fields["credential"]

    with context.request_context(RequestFactory().post("/")), pytest.raises(forms.ValidationError):
        field.clean(response)


def test_a_form_never_repeats_the_answer_of_a_passkey():
    field = factor_forms._CredentialField()

    assert field.prepare_value({"id": "canary"}) == ""
    assert field.bound_data('{"id": "canary"}', None) is None


def test_the_name_of_a_passkey_has_a_limit(alice):
    key = Authenticator.objects.create(
        user=alice, type="webauthn", data={"name": "phone", "credential": {}}
    )
    for name, errors in [("n" * 60, set()), ("n" * 61, {"name"}), (" ", {"name"})]:
        assert set(EditKeyForm({"name": name}, instance=key).errors) == errors


def test_a_form_that_is_shown_again_has_no_answer_of_a_passkey():
    form = SignInKeyForm({"credential": '{"id": "canary"}'})

    assert not form.is_valid()
    assert form["credential"].value() == ""
    assert "canary" not in str(form)
