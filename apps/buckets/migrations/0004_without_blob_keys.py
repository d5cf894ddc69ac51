from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("buckets", "0003_blobs_in_rows")]
    operations = [
        migrations.RemoveField(model_name="object", name="blob"),
        migrations.RemoveField(model_name="object", name="part_sizes"),
        migrations.RemoveField(model_name="object", name="parts_count"),
        migrations.RemoveField(model_name="part", name="blob"),
    ]
