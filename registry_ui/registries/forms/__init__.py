from .credential import CredentialForm
from .importing import ChoiceOfLogins, DockerConfigForm
from .registry import RegistryForm

__all__ = ["ChoiceOfLogins", "CredentialForm", "DockerConfigForm", "RegistryForm"]
