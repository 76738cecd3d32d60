import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import registry_ui.accounts.models.people
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='SetupToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='TrailHead',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
                ('hash', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('time_zone', models.CharField(blank=True, max_length=64, validators=[registry_ui.accounts.models.people.validate_time_zone], verbose_name='time zone')),
                ('theme', models.CharField(choices=[('system', 'As the system'), ('light', 'Light'), ('dark', 'Dark')], default='system', max_length=10, verbose_name='theme')),
                ('density', models.CharField(choices=[('comfortable', 'Comfortable'), ('compact', 'Compact')], default='comfortable', max_length=12, verbose_name='density')),
                ('landing', models.CharField(choices=[('web:overview', 'Overview'), ('registries:list', 'Registries'), ('images:list', 'Images'), ('transfers:list', 'Transfers')], default='web:overview', max_length=40, verbose_name='first page')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('is_superuser_by_sso', models.BooleanField(default=False, editable=False)),
                ('sessions_ended', models.PositiveIntegerField(default=0, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('action', models.CharField(choices=[('session.started', 'Signed in'), ('session.refused', 'Sign-in refused'), ('session.ended', 'Signed out'), ('session.revoked', 'Ended a session'), ('installation.created', 'Set up the installation'), ('password.changed', 'Changed the password'), ('factor.added', 'Added a second factor'), ('factor.removed', 'Removed a second factor'), ('identity.linked', 'Linked single sign-on'), ('identity.unlinked', 'Unlinked single sign-on'), ('preferences.changed', 'Changed preferences'), ('person.created', 'Created an account'), ('person.changed', 'Changed an account'), ('person.deactivated', 'Deactivated an account'), ('person.activated', 'Activated an account'), ('team.created', 'Created a team'), ('team.changed', 'Changed a team'), ('team.removed', 'Removed a team'), ('member.added', 'Added a member'), ('member.changed', "Changed a member's role"), ('member.removed', 'Removed a member'), ('invitation.created', 'Invited somebody'), ('invitation.accepted', 'Accepted an invitation'), ('invitation.revoked', 'Revoked an invitation'), ('token.created', 'Created an API token'), ('token.revoked', 'Revoked an API token'), ('token.used', 'Used an API token'), ('token.refused', 'API token refused'), ('registry.added', 'Added a registry'), ('registry.changed', 'Changed a registry'), ('registry.removed', 'Removed a registry'), ('credential.added', 'Added a credential'), ('credential.changed', 'Changed a credential'), ('credential.rotated', 'Entered a new secret'), ('credential.removed', 'Removed a credential'), ('credential.tested', 'Tested a login'), ('credential.used', 'Used a credential'), ('grant.created', 'Shared a credential'), ('grant.changed', 'Changed a share'), ('grant.revoked', 'Took a credential back'), ('image.pushed', 'Pushed an image to this server'), ('image.removed', 'Removed a local image'), ('image.exported', 'Exported local images'), ('archive.received', 'Received an archive'), ('tag_rule.added', 'Made tags immutable'), ('tag_rule.removed', 'Made tags movable again'), ('index.started', "Refreshed a registry's index"), ('repository.pinned', 'Pinned a repository'), ('repository.unpinned', 'Unpinned a repository'), ('transfer.started', 'Started a transfer'), ('transfer.cancelled', 'Cancelled a transfer'), ('transfer.succeeded', 'Transfer succeeded'), ('transfer.failed', 'Transfer failed'), ('transfer.handed_over', 'Handed over a transfer'), ('channel.added', 'Added a notification channel'), ('channel.changed', 'Changed a notification channel'), ('channel.removed', 'Removed a notification channel'), ('channel.tested', 'Tested a notification channel'), ('mirror.created', 'Made a mirror'), ('mirror.changed', 'Changed a mirror'), ('mirror.removed', 'Removed a mirror'), ('mirror.paused', 'Paused a mirror'), ('mirror.resumed', 'Resumed a mirror'), ('mirror.planned', "Planned a mirror's run"), ('mirror.started', "Started a mirror's run"), ('mirror.staging', "Began to bring a mirror's images here"), ('mirror.staged', "A mirror's images were brought here"), ('mirror.staging_failed', "A mirror's images could not be brought here"), ('mirror.cancelled', "Cancelled a mirror's run"), ('mirror.handed_over', "Handed over a mirror's run"), ('mirror.succeeded', "A mirror's run succeeded"), ('mirror.failed', "A mirror's run failed"), ('mirror.hook_created', "Made a mirror's webhook"), ('mirror.hook_removed', "Removed a mirror's webhook"), ('mirror.hook_called', 'A webhook started a mirror'), ('mirror.imported', 'Imported mirrors'), ('access.refused', 'Access refused'), ('activity.exported', 'Exported the activity')], max_length=40)),
                ('outcome', models.CharField(choices=[('done', 'Done'), ('refused', 'Refused'), ('failed', 'Failed')], default='done', max_length=10)),
                ('actor_kind', models.CharField(choices=[('person', 'Person'), ('token', 'API token'), ('command_line', 'Command line'), ('system', 'Registry UI'), ('stranger', 'Nobody signed in')], max_length=12)),
                ('actor_key', models.CharField(blank=True, max_length=64)),
                ('actor_name', models.CharField(blank=True, max_length=150)),
                ('token_name', models.CharField(blank=True, max_length=120)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('team_key', models.BigIntegerField(blank=True, null=True)),
                ('team_name', models.CharField(blank=True, max_length=100)),
                ('object_kind', models.CharField(blank=True, max_length=20)),
                ('object_key', models.CharField(blank=True, max_length=64)),
                ('object_name', models.CharField(blank=True, max_length=300)),
                ('credential_key', models.CharField(blank=True, max_length=64)),
                ('credential_name', models.CharField(blank=True, max_length=360)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('position', models.BigIntegerField(blank=True, null=True, unique=True)),
                ('hash', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['team_key', '-at', '-id'], name='event_newest_of_team'), models.Index(fields=['-at', '-id'], name='event_newest'), models.Index(fields=['actor_key', '-at'], name='event_newest_of_actor'), models.Index(fields=['credential_key', '-at'], name='event_newest_of_credential'), models.Index(fields=['object_key', '-at'], name='event_newest_of_object'), models.Index(condition=models.Q(('position', None)), fields=['at'], name='event_unsealed')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('operator', 'Operator'), ('admin', 'Admin')], default='viewer', max_length=10, verbose_name='role')),
                ('is_from_sso', models.BooleanField(default=False, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('members', models.ManyToManyField(related_name='teams', through='accounts.Membership', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='membership',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.team'),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('operator', 'Operator'), ('admin', 'Admin')], default='viewer', max_length=10, verbose_name='role')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.team')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('scope', models.CharField(choices=[('read', 'Read'), ('transfer', 'Transfer'), ('admin', 'Administer')], default='read', max_length=10, verbose_name='scope')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('hint', models.CharField(max_length=12)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('used_from', models.GenericIPAddressField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to='accounts.team')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('team', 'user'), name='one_membership_a_team'),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('user__isnull', False), ('team__isnull', False), _connector='OR'), name='a_token_is_somebodys'),
        ),
    ]
