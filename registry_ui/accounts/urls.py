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
    path("audit-log/", audit.audit_log, name="audit_log"),
    path("audit-log/export/", audit.export, name="audit_log_export"),
    path("administration/", administration.teams, name="administration"),
    path("administration/teams/add/", administration.team_add, name="administration_team_add"),
    path(
        "administration/teams/<int:pk>/edit/",
        administration.team_edit,
        name="administration_team_edit",
    ),
    path(
        "administration/teams/<int:pk>/remove/",
        administration.team_remove,
        name="administration_team_remove",
    ),
    path("administration/people/", administration.people, name="administration_people"),
    path("administration/people/<int:pk>/", person.person, name="administration_person"),
    path(
        "administration/people/<int:pk>/deactivate/",
        person.deactivate,
        name="administration_person_deactivate",
    ),
    # For programs, without a session
    path("api/v1/me", api.me, name="api_me"),
]
