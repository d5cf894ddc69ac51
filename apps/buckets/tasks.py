"""Housekeeping: of the store, and the lifecycle of objects."""

from datetime import timedelta

from apps.buckets import lifecycle, store
from apps.buckets.models import FinishedUpload
from playground import clock
from playground.celery import app


@app.task(time_limit=300)
def sweep_blobs():
    """Remove files that no row names."""
    store.sweep()
    FinishedUpload.objects.filter(created_at__lt=clock.real_now() - timedelta(days=1)).delete()


@app.task(time_limit=600)
def run_lifecycle():
    """Do what lifecycle rules have due."""
    lifecycle.run_all()
