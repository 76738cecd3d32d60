from .comparing import CompareForm
from .credential import CredentialForm
from .importing import ChoiceOfLogins, DockerConfigForm
from .registry import RegistryForm
from .sharing import RotateForm, ShareForm

__all__ = [
    "ChoiceOfLogins",
    "CompareForm",
    "CredentialForm",
    "DockerConfigForm",
    "RegistryForm",
    "RotateForm",
    "ShareForm",
]
