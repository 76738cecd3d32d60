from .comparing import CompareForm
from .credential import CredentialForm
from .importing import DockerConfigForm, LoginSelection
from .registry import RegistryForm
from .sharing import RotateForm, ShareForm

__all__ = [
    "CompareForm",
    "CredentialForm",
    "DockerConfigForm",
    "LoginSelection",
    "RegistryForm",
    "RotateForm",
    "ShareForm",
]
