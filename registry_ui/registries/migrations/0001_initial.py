import datetime
import django.db.models.deletion
import django.utils.timezone
import registry_ui.registries.models.registry
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Artifact',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest', models.CharField(db_index=True, max_length=140)),
                ('media_type', models.CharField(max_length=120)),
                ('artifact_type', models.CharField(blank=True, max_length=255)),
                ('config_digest', models.CharField(blank=True, db_index=True, max_length=140)),
                ('subject', models.CharField(blank=True, max_length=140)),
                ('manifest_size', models.PositiveIntegerField(default=0, help_text='Bytes of the manifest or index itself.')),
                ('size', models.BigIntegerField(default=0, help_text='Bytes of every blob that it and its children need, each once, compressed.')),
                ('layer_count', models.PositiveIntegerField(default=0)),
                ('platforms', models.JSONField(default=list)),
                ('built_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('fetched_at', models.DateTimeField(auto_now_add=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
        ),
        migrations.CreateModel(
            name='Blob',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest', models.CharField(db_index=True, max_length=140)),
                ('size', models.BigIntegerField()),
                ('repository_count', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ArtifactDocument',
            fields=[
                ('artifact', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='document', serialize=False, to='registries.artifact')),
                ('compressed_manifest', models.BinaryField()),
                ('compressed_config', models.BinaryField(default=b'')),
            ],
        ),
        migrations.CreateModel(
            name='ArtifactChild',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('platform', models.CharField(blank=True, max_length=100)),
                ('child', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parent_links', to='registries.artifact')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='child_links', to='registries.artifact')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='artifact',
            name='children',
            field=models.ManyToManyField(related_name='parents', through='registries.ArtifactChild', to='registries.artifact'),
        ),
        migrations.CreateModel(
            name='ArtifactBlob',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('artifact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blob_links', to='registries.artifact')),
                ('blob', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='artifact_links', to='registries.blob')),
            ],
        ),
        migrations.AddField(
            model_name='artifact',
            name='blobs',
            field=models.ManyToManyField(related_name='artifacts', through='registries.ArtifactBlob', to='registries.blob'),
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=100, verbose_name='label')),
                ('username', models.CharField(max_length=255, verbose_name='username')),
                ('secret_ciphertext', models.TextField(editable=False)),
                ('repository_pattern', models.CharField(blank=True, max_length=255, verbose_name='repositories')),
                ('can_push', models.BooleanField(default=True, verbose_name='may push')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('secret_changed_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('verify_error', models.CharField(blank=True, max_length=500)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('used_by', models.CharField(blank=True, max_length=150)),
                ('used_for', models.CharField(blank=True, max_length=600)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='accounts.team')),
            ],
            options={
                'ordering': ['label'],
            },
        ),
        migrations.CreateModel(
            name='CredentialGrant',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('can_push', models.BooleanField(default=False, verbose_name='may push')),
                ('repository_pattern', models.CharField(blank=True, max_length=255, verbose_name='repositories')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='registries.credential')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credential_grants', to='accounts.team')),
            ],
            options={
                'ordering': ['team__name', 'created_at'],
            },
        ),
        migrations.CreateModel(
            name='Registry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('provider', models.CharField(choices=[('docker_hub', 'Docker Hub'), ('aliyun_acr', 'Aliyun ACR'), ('tencent_tcr', 'Tencent TCR'), ('aws_ecr', 'AWS ECR'), ('harbor', 'Harbor'), ('ghcr', 'GitHub (GHCR)'), ('private', 'Private registry'), ('this', 'This server')], default='private', max_length=20, verbose_name='kind')),
                ('host', models.CharField(max_length=255, validators=[registry_ui.registries.models.registry.validate_host], verbose_name='host')),
                ('security', models.CharField(choices=[('verify', 'HTTPS, certificate checked against the public authorities'), ('own_ca', 'HTTPS, certificate checked against your own authority'), ('plain_http', 'Plain HTTP: nothing is encrypted, the password included')], default='verify', max_length=12, verbose_name='connection')),
                ('ca_certificate', models.TextField(blank=True, verbose_name="authority's certificate (PEM)")),
                ('token_hosts', models.JSONField(blank=True, default=list, verbose_name='token servers')),
                ('health', models.CharField(choices=[('unknown', 'Not checked'), ('healthy', 'Answers'), ('failing', 'Does not answer')], default='unknown', max_length=10)),
                ('health_message', models.CharField(blank=True, max_length=500)),
                ('report', models.JSONField(blank=True, default=list)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('index_hours', models.PositiveSmallIntegerField(default=6, verbose_name='hours between looks at its contents')),
                ('namespaces', models.JSONField(blank=True, default=list, verbose_name='namespaces to list')),
                ('next_index_at', models.DateTimeField(blank=True, null=True)),
                ('indexed_at', models.DateTimeField(blank=True, null=True)),
                ('listing', models.CharField(choices=[('unknown', 'Not tried'), ('catalog', "The registry's own catalogue"), ('provider', "The provider's list"), ('none', 'None: pinned and used repositories only')], default='unknown', max_length=10)),
                ('listing_message', models.CharField(blank=True, max_length=1000)),
                ('most_requests', models.PositiveSmallIntegerField(default=0, verbose_name='requests at once, for mirrors')),
                ('most_kib_per_second', models.PositiveIntegerField(default=0, verbose_name='KiB a second, for mirrors')),
                ('repository_count', models.PositiveIntegerField(default=0)),
                ('tag_count', models.PositiveIntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='registries', to='accounts.team')),
            ],
            options={
                'verbose_name_plural': 'registries',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='IndexRun',
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
                ('repository', models.CharField(blank=True, max_length=255)),
                ('progress', models.JSONField(blank=True, default=dict)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.team')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_runs', to='registries.registry')),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='credential',
            name='registry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='registries.registry'),
        ),
        migrations.AddField(
            model_name='blob',
            name='registry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blobs', to='registries.registry'),
        ),
        migrations.AddField(
            model_name='artifact',
            name='registry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='artifacts', to='registries.registry'),
        ),
        migrations.CreateModel(
            name='Repository',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('is_listed', models.BooleanField(default=False)),
                ('is_pinned', models.BooleanField(default=False)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('tag_count', models.PositiveIntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('shared_size', models.BigIntegerField(default=0)),
                ('changed_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('indexed_at', models.DateTimeField(blank=True, null=True)),
                ('indexed_by', models.UUIDField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='repositories', to='registries.registry')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'verbose_name_plural': 'repositories',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='RepositoryBlob',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='repository_links', to='registries.blob')),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blob_links', to='registries.repository')),
            ],
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=128)),
                ('digest', models.CharField(blank=True, max_length=140)),
                ('order_key', models.BinaryField()),
                ('version_key', models.BinaryField(blank=True, null=True)),
                ('flavour', models.CharField(blank=True, max_length=300)),
                ('is_prerelease', models.BooleanField(default=False)),
                ('is_floating', models.BooleanField(default=False)),
                ('platforms', models.CharField(blank=True, max_length=2000)),
                ('size', models.BigIntegerField(default=0)),
                ('built_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('changed_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('previous_digest', models.CharField(blank=True, max_length=140)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('artifact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tags', to='registries.artifact')),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='registries.repository')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
        ),
        migrations.AddConstraint(
            model_name='artifactchild',
            constraint=models.UniqueConstraint(fields=('parent', 'child'), name='one_link_a_child'),
        ),
        migrations.AddConstraint(
            model_name='artifactblob',
            constraint=models.UniqueConstraint(fields=('blob', 'artifact'), name='one_link_a_blob'),
        ),
        migrations.AddConstraint(
            model_name='credentialgrant',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('credential', 'team'), name='one_grant_a_credential_and_team'),
        ),
        migrations.AddConstraint(
            model_name='registry',
            constraint=models.UniqueConstraint(fields=('team', 'host'), name='one_registry_a_host_in_a_team'),
        ),
        migrations.AddIndex(
            model_name='indexrun',
            index=models.Index(fields=['registry', '-created_at'], name='index_run_newest'),
        ),
        migrations.AddIndex(
            model_name='indexrun',
            index=models.Index(fields=['state', 'created_at'], name='index_run_by_state'),
        ),
        migrations.AddConstraint(
            model_name='credential',
            constraint=models.UniqueConstraint(fields=('registry', 'label'), name='one_label_a_registry'),
        ),
        migrations.AddConstraint(
            model_name='blob',
            constraint=models.UniqueConstraint(fields=('registry', 'digest'), name='one_blob_a_digest'),
        ),
        migrations.AddIndex(
            model_name='artifact',
            index=models.Index(fields=['registry', 'subject'], name='artifact_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='artifact',
            constraint=models.UniqueConstraint(fields=('registry', 'digest'), name='one_artifact_a_digest'),
        ),
        migrations.AddIndex(
            model_name='repository',
            index=models.Index(fields=['registry', '-changed_at', '-id'], name='repository_by_change'),
        ),
        migrations.AddIndex(
            model_name='repository',
            index=models.Index(fields=['registry', '-size', '-id'], name='repository_by_size'),
        ),
        migrations.AddIndex(
            model_name='repository',
            index=models.Index(fields=['registry', '-tag_count', '-id'], name='repository_by_tags'),
        ),
        migrations.AddIndex(
            model_name='repository',
            index=models.Index(fields=['team', 'name'], name='repository_by_name'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.UniqueConstraint(fields=('registry', 'name'), name='one_repository_a_name'),
        ),
        migrations.AddConstraint(
            model_name='repositoryblob',
            constraint=models.UniqueConstraint(fields=('repository', 'blob'), name='one_link_a_repository_blob'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['repository', 'order_key'], name='tag_by_order'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['repository', 'flavour', '-order_key'], name='tag_by_variant_and_order'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['repository', '-built_at', '-id'], name='tag_by_date'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['repository', '-size', '-id'], name='tag_by_size'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['repository', 'digest'], name='tag_by_digest'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['team', 'name'], name='tag_by_name'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['digest'], name='tag_by_digest_anywhere'),
        ),
        migrations.AddConstraint(
            model_name='tag',
            constraint=models.UniqueConstraint(fields=('repository', 'name'), name='one_tag_a_name'),
        ),
    ]
