"""The list of mirrors, their form with its preview, and the page of a mirror."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.credentials.models import Credential
from registry_ui.notifications.models import NotificationChannel
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from transfers.mirrors.models import ConflictPolicy, Mirror, MirrorPause
from transfers.models import State

from ..rows import mirror_row, pair_row, registry_row, run_row

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def preview(client, values, **headers):
    return client.post(reverse("mirrors:add"), values, headers={**HTMX, **headers}).content.decode()


# --- the preview


def test_the_preview_shows_repositories_tags_and_names(client_for, alice, filled):
    content = preview(client_for(alice), filled(naming="prefix", naming_prefix="mirror/hub"))

    assert "mirror/hub/shop/app" in content
    assert "mirror/hub/shop/worker" in content
    assert "1.27.2" in content
    assert "tools/builder" not in content
    assert re.search(r"5\s+tags", content)
    assert "<form" not in content


def test_the_preview_shows_the_reason_of_skipped_tags(client_for, alice, filled):
    content = preview(
        client_for(alice), filled(versions=">=1.27 <2", without_prereleases="on", newest="1")
    )

    assert re.search(r"1\s+tag\b", content)
    assert "A pre-release" in content
    assert "Not among the newest 1" in content


def test_the_preview_warns(client_for, alice, filled):
    content = preview(client_for(alice), filled(delete_extras="on"))

    assert "“latest” is no version" in content
    assert "would be overwritten: shop/app:1.27.2" in content
    assert "deleted at the target" in content
    assert "another digest" in preview(
        client_for(alice), filled(platforms_choice="selected", platforms="linux/amd64")
    )
    assert "would both become" in preview(
        client_for(alice), filled(naming="template", naming_template="all")
    )


def test_the_preview_shows_the_next_five_runs_in_the_viewers_time(client_for, alice, filled):
    alice.time_zone = "Asia/Kolkata"
    alice.save()

    content = preview(client_for(alice), filled(time_zone="Asia/Kolkata"))

    assert content.count("02:30</time>") == 5
    assert "In your time, Asia/Kolkata." in content


def test_the_preview_works_with_an_incomplete_form(client_for, alice, filled):
    client = client_for(alice)
    for values in (
        {},
        {"repositories": "shop/*"},
        filled(repositories="a b/c:1", at="x", versions=">>"),
        filled(source_registry="", name=""),
    ):
        assert client.post(reverse("mirrors:add"), values, headers=HTMX).status_code == 200
    assert "Not in the index yet" in preview(client, filled(repositories="who/knows"))
    assert not Mirror.objects.exists()


def test_a_slow_expression_ends_the_preview(client_for, alice, filled, source):
    repository = source.repositories.get(name="shop/app")
    image = make_image(source, ("d", 1))
    repository.delete()
    make_repository(source, "shop/app", {"a" * 60 + f"b{number}c": image for number in range(20)})

    assert "takes too long" in preview(client_for(alice), filled(match=r"(a|aa)+c"))


def test_without_htmx_the_full_page_has_the_preview(client_for, alice, filled):
    response = client_for(alice).post(reverse("mirrors:add"), filled())

    content = response.content.decode()
    assert response.status_code == 200
    assert "shop/worker" in content
    assert "<form" in content
    assert not Mirror.objects.exists()


def test_another_teams_registry_shows_nothing(client_for, charlie, filled):
    content = preview(client_for(charlie), filled())

    assert "shop/worker" not in content


# --- making and changing


def test_a_confirmed_form_creates_the_mirror(client_for, alice, team, filled, source, target):
    channel = NotificationChannel.objects.create(team=team, name="Chat", scheme="slack")
    values = filled(
        repositories="shop/*\nlibrary/nginx",
        newest="2",
        newer_than="90d",
        jitter="5",
        channels=[channel.pk],
        confirmed="1",
    )

    response = client_for(alice).post(reverse("mirrors:add"), values)

    mirror = Mirror.objects.get()
    assert response["Location"] == reverse("mirrors:detail", args=[mirror.pk])
    assert mirror.repositories == ["shop/*", "library/nginx"]
    assert mirror.selection == {"newest": 2, "per": "minor", "newer_than": "90d"}
    assert (mirror.schedule, mirror.time_zone, mirror.jitter_seconds) == (
        "30 2 * * *",
        "Europe/Berlin",
        300,
    )
    assert mirror.next_run_at > timezone.now()
    assert list(mirror.channels.all()) == [channel]
    assert AuditEvent.objects.filter(action=Action.MIRROR_CREATED).count() == 1


def test_the_local_images_are_selectable_as_target(client_for, alice, filled):
    client_for(alice).post(reverse("mirrors:add"), filled(target_registry="", confirmed="1"))

    assert Mirror.objects.get().is_local


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("repositories", {"repositories": ""}),
        ("repositories", {"repositories": "a:1"}),
        ("versions", {"versions": ">>1"}),
        ("match", {"match": "("}),
        ("newer_than", {"newer_than": "soon"}),
        ("naming_prefix", {"naming": "prefix"}),
        ("naming_template", {"naming": "template", "naming_template": "{who}"}),
        ("platforms", {"platforms_choice": "selected"}),
        ("platforms", {"platforms_choice": "selected", "platforms": "x/y/z/a"}),
        ("cron", {"frequency": "cron", "cron": "61 * * * *"}),
        ("time_zone", {"time_zone": "Europe/Atlantis"}),
        ("source_registry", {"source_registry": "00000000-0000-0000-0000-000000000000"}),
    ],
)
def test_errors_are_shown_at_their_fields(client_for, alice, filled, field, values):
    response = client_for(alice).post(reverse("mirrors:add"), filled(**values, confirmed="1"))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Mirror.objects.exists()


def test_a_mirror_onto_itself_is_refused(client_for, alice, filled, source):
    response = client_for(alice).post(
        reverse("mirrors:add"),
        filled(target_registry=source.pk, repositories="shop/app", confirmed="1"),
    )

    assert response.status_code == 422
    assert not Mirror.objects.exists()


def test_rows_of_another_team_are_not_offered(client_for, alice, filled, other_team):
    theirs = registry_row(other_team, "Theirs", "theirs.example.com")
    credential = Credential(team=other_team, registry=theirs, label="x", username="x")
    credential.set_secret("x")
    credential.save()
    channel = NotificationChannel.objects.create(team=other_team, name="Chat", scheme="slack")
    client = client_for(alice)
    for values in (
        {"source_registry": theirs.pk},
        {"target_registry": theirs.pk},
        {"source_credential": credential.pk},
        {"channels": [channel.pk]},
    ):
        assert (
            client.post(reverse("mirrors:add"), filled(**values, confirmed="1")).status_code == 422
        )
    assert not Mirror.objects.exists()


def test_saving_an_unchanged_form_changes_nothing(client_for, alice, team, source, target):
    mirror = mirror_row(
        team,
        source=source,
        target=target,
        naming={"kind": "flatten", "levels": 1},
        selection={
            "tags": ["1.10", "2.*"],
            "versions": ">=1",
            "variants": ["alpine"],
            "newest": 3,
            "per": "major",
            "prereleases": False,
        },
        platforms=["linux/amd64"],
        conflict_policy=ConflictPolicy.BACKUP,
        schedule="15 3 * * 4",
        jitter_seconds=120,
    )
    before = Mirror.objects.values().get()
    client, address = client_for(alice), reverse("mirrors:edit", args=[mirror.pk])
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    values = {name: value for name, value in values.items() if value not in (None, False, "")}

    assert client.post(address, {**values, "confirmed": "1"}).status_code == 302

    after = Mirror.objects.values().get()
    before.pop("updated_at"), after.pop("updated_at")
    assert after == before


def test_only_a_new_schedule_changes_the_next_run(client_for, alice, team, filled, source, target):
    mirror = mirror_row(
        team, source=source, target=target, schedule="30 2 * * *", time_zone="Europe/Berlin"
    )
    due = mirror.next_run_at
    client, address = client_for(alice), reverse("mirrors:edit", args=[mirror.pk])

    client.post(address, filled(confirmed="1", conflict_policy="keep"))
    mirror.refresh_from_db()
    assert (mirror.next_run_at, mirror.conflict_policy) == (due, "keep")

    client.post(address, filled(confirmed="1", frequency="hourly"))
    mirror.refresh_from_db()
    assert mirror.next_run_at <= timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize("person", ["bob", "victor"])
def test_only_admins_create_and_change_mirrors(request, client_for, person, team, filled, alice):
    mirror = mirror_row(team)
    client = client_for(request.getfixturevalue(person))

    assert (
        client.post(reverse("mirrors:add"), filled(name="Other", confirmed="1")).status_code == 403
    )
    assert (
        client.post(
            reverse("mirrors:edit", args=[mirror.pk]), filled(name="Other", confirmed="1")
        ).status_code
        == 403
    )
    assert client.get(reverse("mirrors:edit", args=[mirror.pk])).status_code == 403
    assert Mirror.objects.get().name == "Nightly"


def test_without_registries_the_form_links_to_add_one(client_for, charlie):
    Registry.objects.all().delete()

    content = client_for(charlie).get(reverse("mirrors:add")).content.decode()

    assert "A mirror needs a registry" in content


# --- the list and the page


def test_a_late_mirror_is_shown_on_all_pages(client_for, bob, team):
    mirror = mirror_row(team, schedule="0 * * * *")
    run_row(mirror, state=State.SUCCEEDED, age=6000)
    client = client_for(bob)

    for address in (
        reverse("mirrors:list"),
        reverse("mirrors:detail", args=[mirror.pk]),
        reverse("web:overview"),
    ):
        assert "ehind its schedule" in client.get(address).content.decode(), address
    overview = client.get(reverse("web:overview")).content.decode()
    assert reverse("mirrors:start", args=[mirror.pk]) in overview

    Mirror.objects.update(paused=True)
    assert "Mirrors that need a hand" not in client.get(reverse("web:overview")).content.decode()


def test_an_empty_list_explains_mirrors(client_for, alice, victor):
    assert reverse("mirrors:add") in client_for(alice).get(reverse("mirrors:list")).content.decode()
    assert (
        reverse("mirrors:add")
        not in client_for(victor).get(reverse("mirrors:list")).content.decode()
    )


def test_the_list_has_a_constant_number_of_queries(
    client_for, victor, team, django_assert_max_num_queries
):
    source = registry_row(team, "Hub", "hub.example.com")
    for number in range(25):
        run_row(
            mirror_row(team, f"Mirror {number}", source=source, target=source),
            state=State.SUCCEEDED,
        )
    client = client_for(victor)
    with django_assert_max_num_queries(20):
        assert client.get(reverse("mirrors:list")).status_code == 200


def test_the_page_has_the_drift_the_runs_and_the_settings(client_for, bob, team):
    mirror = mirror_row(
        team, selection={"versions": ">=1.27"}, naming={"kind": "prefix", "prefix": "hub"}
    )
    run_row(mirror, state=State.SUCCEEDED, age=100, totals={"done": 3, "up_to_date": 4})
    pair_row(
        mirror, "library/nginx", up_to_date=4, missing=2, differing=1, verified_at=timezone.now()
    )
    pair_row(mirror, "library/redis", up_to_date=9)

    content = client_for(bob).get(reverse("mirrors:detail", args=[mirror.pk])).content.decode()

    for text in (
        "behind by 3",
        "in sync",
        "3 copied, 4 up to date",
        "versions &gt;=1.27",
        "below hub/",
        "Sync these",
    ):
        assert text in content, text


def test_runs_are_paged(client_for, victor, team):
    mirror = mirror_row(team)
    for age in range(25):
        run_row(mirror, state=State.SUCCEEDED, age=age + 1)
    client, address = client_for(victor), reverse("mirrors:detail", args=[mirror.pk])

    first = client.get(address)
    second = client.get(address, {"after": first.context["page"].next})

    assert (len(first.context["runs"]), len(second.context["runs"])) == (20, 5)
    assert client.get(address, {"after": "nonsense"}).status_code == 400


def test_pausing_one_and_all(client_for, bob, team):
    mirror = mirror_row(team)
    client = client_for(bob)

    client.post(reverse("mirrors:pause", args=[mirror.pk]))
    assert Mirror.objects.get().paused
    client.post(reverse("mirrors:resume", args=[mirror.pk]))
    assert not Mirror.objects.get().paused
    client.post(reverse("mirrors:pause_all"))
    assert MirrorPause.objects.filter(team=team).exists()
    assert "All mirrors are paused" in client.get(reverse("mirrors:list")).content.decode()
    client.post(reverse("mirrors:resume_all"))
    assert not MirrorPause.objects.exists()


def test_removing_asks_first(client_for, alice, team):
    mirror = mirror_row(team)
    run_row(mirror, state=State.SUCCEEDED)
    client, address = client_for(alice), reverse("mirrors:remove", args=[mirror.pk])

    assert "1 run" in client.get(address).content.decode()
    assert Mirror.objects.exists()
    assert client.post(address)["Location"] == reverse("mirrors:list")
    assert not Mirror.objects.exists()
