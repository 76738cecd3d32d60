import pytest
from django.core.management import CommandError, call_command

from transfers.mirrors.archive import archive_images
from transfers.mirrors.models import Mirror
from transfers.mirrors.services import start_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(registry, image_factory) -> str:
    """Push one image of two platforms, one of one platform, and an unselected one."""
    name = registry.new_repository()
    image_factory(registry, name, "1.0", platforms=["linux/amd64", "linux/arm64"], layer_size=2000)
    image_factory(registry, name, "1.1", layer_size=2000)
    image_factory(registry, name, "nightly", layer_size=2000)
    return name


@pytest.fixture
def mirror(repository, own_registry, make_mirror) -> Mirror:
    values = {
        "selection": {"tags": ["1.*"]},
        "naming": {"kind": "prefix", "prefix": "mirror/company"},
    }
    return make_mirror(repository, target=own_registry, name="base", **values)


def test_the_command_pulls_missing_images_and_writes_complete_archives_only(
    mirror, repository, registry, own_registry, image_factory, tmp_path, capsys
):
    own_registry.stop()
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))
    assert "2 new" in capsys.readouterr().err
    assert (tmp_path / "base.tar.sha256").exists()

    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    with pytest.raises(SystemExit) as ending:
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "half.tar"))
    assert ending.value.code == 1
    assert "1 tag failed" in capsys.readouterr().err
    assert not (tmp_path / "half.tar").exists()

    mend()
    call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "whole.tar"))
    assert sorted(image.tag for image in archive_images(mirror)) == ["1.0", "1.1", "1.2"]


def test_the_command_does_not_start_during_a_run(mirror, tmp_path):
    start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(CommandError, match="runs already"):
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "base.tar"))
