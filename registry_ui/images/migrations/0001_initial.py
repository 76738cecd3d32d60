import django.db.models.deletion
import django.utils.timezone
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
            name='ArchiveUpload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('used_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('name', models.CharField(max_length=255)),
                ('size', models.BigIntegerField(help_text='Bytes that the whole file has.')),
                ('modified', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, help_text='Of the whole file, as the person gave it.', max_length=64)),
                ('place', models.CharField(blank=True, max_length=4096)),
                ('found', models.JSONField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='archive_uploads', to='accounts.team')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ImmutableTags',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('repository_pattern', models.CharField(default='*', max_length=255, verbose_name='repositories')),
                ('tag_pattern', models.CharField(max_length=128, verbose_name='tags')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='immutable_tags', to='accounts.team')),
            ],
            options={
                'ordering': ['repository_pattern', 'tag_pattern'],
                'constraints': [models.UniqueConstraint(fields=('team', 'repository_pattern', 'tag_pattern'), name='one_rule_a_pattern_in_a_team')],
            },
        ),
        migrations.CreateModel(
            name='LocalImage',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('registry', models.CharField(max_length=255)),
                ('repository', models.CharField(max_length=255)),
                ('tag', models.CharField(blank=True, max_length=128)),
                ('digest', models.CharField(max_length=140)),
                ('media_type', models.CharField(max_length=120)),
                ('image_id', models.CharField(db_index=True, max_length=140)),
                ('source_digest', models.CharField(blank=True, max_length=140)),
                ('platforms', models.JSONField(default=list)),
                ('blobs', models.JSONField(default=list)),
                ('manifests', models.JSONField(default=list)),
                ('size', models.BigIntegerField(help_text='Bytes of all blobs, each once, compressed.')),
                ('image_created_at', models.DateTimeField(blank=True, null=True)),
                ('origin', models.CharField(blank=True, help_text='The reference it was pulled from or tagged from.', max_length=600)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='local_images', to='accounts.team')),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('tag', ''), _negated=True), fields=('team', 'registry', 'repository', 'tag'), name='one_image_a_tag_in_a_team'), models.UniqueConstraint(condition=models.Q(('tag', '')), fields=('team', 'registry', 'repository', 'digest'), name='one_nameless_image_a_digest_in_a_team')],
            },
        ),
        migrations.CreateModel(
            name='TeamBlob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(db_index=True, max_length=140)),
                ('size', models.BigIntegerField()),
                ('media_type', models.CharField(blank=True, help_text='Of a manifest or index; empty for configs and layers.', max_length=120)),
                ('used_at', models.DateTimeField(db_index=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blobs', to='accounts.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'digest'), name='one_row_a_blob_in_a_team')],
            },
        ),
    ]
