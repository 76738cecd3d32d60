import django.db.models.deletion
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
            name='Holding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('repository', models.CharField(max_length=255)),
                ('digest', models.CharField(max_length=140)),
                ('subject', models.CharField(blank=True, max_length=140)),
                ('needs', models.JSONField(blank=True, default=list)),
                ('size', models.BigIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('subject', ''), _negated=True), fields=['team', 'repository', 'subject'], name='holding_by_subject'), models.Index(fields=['team', 'digest'], name='holding_by_digest')],
                'constraints': [models.UniqueConstraint(fields=('team', 'repository', 'digest'), name='one_holding_a_digest_in_a_repository')],
            },
        ),
        migrations.CreateModel(
            name='KeptTag',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('repository', models.CharField(max_length=255)),
                ('tag', models.CharField(max_length=128)),
                ('digest', models.CharField(max_length=140)),
                ('checked_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(db_index=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'repository', 'tag'), name='one_kept_tag_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('repository', models.CharField(max_length=255)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='upload_by_age')],
            },
        ),
    ]
