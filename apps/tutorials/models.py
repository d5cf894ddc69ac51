"""What students answered before they looked. How far they are is classrooms.models.StepProgress."""

from django.db import models

from apps.identity.models import Account


class Answer(models.Model):
    """A lab's predictions at one step. values: {field name: text}, as typed before the measurement was shown."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="answers")
    tutorial = models.SlugField(max_length=60)
    step = models.SlugField(max_length=60)
    values = models.JSONField()
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "tutorial", "step"], name="answer_once_per_step")]
