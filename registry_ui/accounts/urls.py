from django.urls import path

from .audit import views as audit
from .sign_in import security_views
from .tokens import api
from .tokens import views as tokens
from .views import administration, links, person, preferences, team

app_name = "accounts"
# The navigation highlights the entry that the first word of a name stands for.
urlpatterns = [
    # One-time links; the access log hides their tokens.
    path("setup/<str:token>/", links.setup, name="setup"),
    path("join/<str:token>/", links.join, name="join"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/security/", security_views.security, name="security"),
    path("preferences/sessions/end/", security_views.sessions_end, name="security_sessions_end"),
    path(
        "preferences/sessions/<int:pk>/end/",
        security_views.session_end,
        name="security_session_end",
    ),
    path("preferences/identities/<int:pk>/unlink/", security_views.unlink, name="security_unlink"),
    path("preferences/tokens/", tokens.own, name="tokens"),
    path("preferences/tokens/add/", tokens.own_add, name="tokens_add"),
    path("tokens/<uuid:pk>/revoke/", tokens.revoke, name="tokens_revoke"),
    path("team/", team.members, name="team"),
    path("team/switch/", preferences.switch_team, name="switch_team"),
    path("team/edit/", team.edit, name="team_edit"),
    path("team/invite/", team.invite, name="team_invite"),
    path(
        "team/invitations/<uuid:pk>/revoke/", team.invitation_revoke, name="team_invitation_revoke"
    ),
    path("team/members/<int:pk>/role/", team.member_role, name="team_member_role"),
    path("team/members/<int:pk>/remove/", team.member_remove, name="team_member_remove"),
    path("team/tokens/", tokens.robots, name="team_tokens"),
    path("team/tokens/add/", tokens.robot_add, name="team_tokens_add"),
    path("activity/", audit.audit_log, name="activity"),
    path("activity/export/", audit.export, name="activity_export"),
    path("installation/", administration.teams, name="installation"),
    path("installation/teams/add/", administration.team_add, name="installation_team_add"),
    path(
        "installation/teams/<int:pk>/edit/", administration.team_edit, name="installation_team_edit"
    ),
    path(
        "installation/teams/<int:pk>/remove/",
        administration.team_remove,
        name="installation_team_remove",
    ),
    path("installation/people/", administration.people, name="installation_people"),
    path("installation/people/<int:pk>/", person.person, name="installation_person"),
    path(
        "installation/people/<int:pk>/deactivate/",
        person.deactivate,
        name="installation_person_deactivate",
    ),
    # For programs, without a session
    path("api/v1/me", api.me, name="api_me"),
]
