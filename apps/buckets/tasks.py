"""Housekeeping of the store."""

from apps.buckets import store
from playground.celery import app


@app.task(time_limit=300)
def sweep_blobs():
    """Remove files that no row names."""
    store.sweep()
