from tests.images.conftest import pulled  # noqa: F401 - fixture
