from .credential import CredentialForm
from .docker_config import DockerConfigForm, LoginSelection
from .grant import RotateForm, ShareForm

__all__ = ["CredentialForm", "DockerConfigForm", "LoginSelection", "RotateForm", "ShareForm"]
