"""Housekeeping of the journal."""

from apps.observability import journal
from playground.celery import app


@app.task(time_limit=60)
def ingest_journal():
    """Move the journal into the database, and remove files that are read to the end."""
    journal.ingest()
    journal.sweep()
