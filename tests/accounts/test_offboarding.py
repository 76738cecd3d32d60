import pytest

from registry_ui.accounts import offboarding
from registry_ui.accounts.offboarding import ActiveJob, OffboardingResult, offboard

pytestmark = pytest.mark.django_db


class Jobs:
    """Two jobs of a person, of which a successor may take the first only."""

    def __init__(self):
        self.names = ["pull", "mirror"]
        self.owner = {}

    def running(self, person, team):
        return [ActiveJob(name, f"/{name}/", "running") for name in self.names]

    def cancel(self, person, team, *, by):
        count, self.names = len(self.names), []
        return count

    def hand_over(self, person, team, *, to):
        self.owner[self.names.pop(0)] = to
        return 1


@pytest.fixture
def jobs(monkeypatch):
    jobs = Jobs()
    monkeypatch.setattr(offboarding.OFFBOARDINGS, "_items", [(0, jobs)])
    return jobs


def test_without_a_successor_all_jobs_are_cancelled(jobs, alice, bob):
    result = offboard(bob, by=alice, successor=None)

    assert result == OffboardingResult(ended=2)
    assert jobs.owner == {}


def test_what_the_successor_may_not_take_is_cancelled(jobs, alice, bob):
    result = offboard(bob, by=alice, successor=alice)

    assert result == OffboardingResult(ended=1, handed_over=1)
    assert jobs.owner == {"pull": alice}
    assert offboarding.active_jobs_of(bob) == []


@pytest.mark.parametrize(
    ("result", "sentences"),
    [
        (OffboardingResult(), []),
        (OffboardingResult(ended=1), ["1 job of theirs was ended."]),
        (
            OffboardingResult(ended=2, handed_over=3),
            ["2 jobs of theirs were ended.", "3 jobs were handed over."],
        ),
    ],
)
def test_the_result_says_each_number_that_is_not_zero(result, sentences):
    assert result.sentences == sentences
