"""What production and development read from the environment and the data folder."""

from registry_ui.environment import kept_secret


def test_a_secret_is_made_once_and_kept(tmp_path):
    path = tmp_path / "key"
    first = kept_secret(path)
    assert kept_secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_secret_of_the_process_that_was_first_counts_for_both(tmp_path):
    path = tmp_path / "key"

    def make_too_late():
        path.write_text("of the first process")
        return "of the second process"

    assert kept_secret(path, make_too_late) == "of the first process"
    assert list(tmp_path.iterdir()) == [path]
