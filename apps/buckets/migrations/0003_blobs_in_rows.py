"""Objects and parts name their files themselves; bytes from before encryption at rest have no nonce."""

from django.db import migrations


def name_files(apps, _editor):
    objects, parts = apps.get_model("buckets", "Object"), apps.get_model("buckets", "Part")
    for row in objects.objects.select_related("blob").iterator():
        row.blobs = [[row.blob.name, row.blob.size_bytes, ""]]
        sizes = row.part_sizes if row.parts_count else []
        row.parts = [{"number": n, "size": size, "checksums": {}} for n, size in enumerate(sizes, 1)]
        row.save(update_fields=["blobs", "parts"])
    for part in parts.objects.select_related("blob").iterator():
        part.blobs = [[part.blob.name, part.blob.size_bytes, ""]]
        part.save(update_fields=["blobs"])


class Migration(migrations.Migration):
    dependencies = [("buckets", "0002_versions_locks_encryption")]
    operations = [migrations.RunPython(name_files, migrations.RunPython.noop)]
