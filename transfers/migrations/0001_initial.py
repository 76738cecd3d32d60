import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('registries', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('requested_by', models.CharField(blank=True, max_length=150)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
                ('error', models.JSONField(blank=True, null=True)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('claim', models.UUIDField(blank=True, null=True)),
                ('worker', models.CharField(blank=True, max_length=100)),
                ('cancel_requested_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('kind', models.CharField(choices=[('pull', 'Pull'), ('tag', 'Tag'), ('push', 'Push'), ('publish', 'Publish'), ('copy', 'Copy'), ('delete', 'Delete')], max_length=10)),
                ('source', models.CharField(max_length=600)),
                ('target', models.CharField(max_length=600)),
                ('source_is_local', models.BooleanField(default=False)),
                ('target_is_local', models.BooleanField(default=False)),
                ('needs_source_credential', models.BooleanField(default=False)),
                ('needs_target_credential', models.BooleanField(default=False)),
                ('platform', models.CharField(blank=True, help_text="os/architecture[/variant]; “all”; empty is this machine's.", max_length=60)),
                ('plain_http', models.BooleanField(default=False, help_text='For a host that is no Registry row: chosen on the command line.')),
                ('options', models.JSONField(blank=True, default=dict)),
                ('progress', models.JSONField(blank=True, default=dict)),
                ('bytes_done', models.BigIntegerField(default=0)),
                ('bytes_total', models.BigIntegerField(blank=True, null=True)),
                ('digest', models.CharField(blank=True, max_length=140)),
                ('size', models.BigIntegerField(blank=True, help_text='Bytes of the manifest, as docker push prints it.', null=True)),
                ('retry_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='retries', to='transfers.transfer')),
                ('source_credential', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registries.credential')),
                ('source_registry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registries.registry')),
                ('target_credential', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registries.credential')),
                ('target_registry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='registries.registry')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.team')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['team', '-created_at'], name='transfer_newest_of_team'), models.Index(fields=['state', 'created_at'], name='transfer_by_state')],
            },
        ),
    ]
