from .comparing import CompareForm
from .credential import CredentialForm
from .importing import ChoiceOfLogins, DockerConfigForm
from .registry import RegistryForm

__all__ = ["ChoiceOfLogins", "CompareForm", "CredentialForm", "DockerConfigForm", "RegistryForm"]
