"""Classes, who is in them, and how far each lab is in its tutorials.

Words: a *course* is a class with a join code (the page says "class"); an *enrolment* is one
student in it with the lab they were given; *step progress* is what a lab has reached of one step
of a tutorial, whoever looks. A *failed join* remembers a wrong code, so that guessing is slow.
"""

import secrets

from django.db import models

from apps.identity.models import Account, User

# No 0 O, 1 I L, 2 Z, 5 S: a code is read from a blackboard and typed on a phone.
ALPHABET = "ABCDEFGHJKMNPQRTUVWXY346789"
JOIN_CODE_LENGTH = 6  # 27^6, some 390 million
REJOIN_CODE_LENGTH = 12


def new_code(length):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_join_code():
    return new_code(JOIN_CODE_LENGTH)


class CourseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the classes a person may lead: a teacher their own, an admin all, a student none."""
        if user.kind == User.Kind.ADMIN:
            return self
        if user.kind == User.Kind.TEACHER:
            return self.filter(teacher=user)
        return self.none()


class Course(models.Model):
    """A class: what its students are given, and the code that lets them in."""

    name = models.CharField(max_length=80)
    teacher = models.ForeignKey(User, on_delete=models.CASCADE, related_name="courses")
    join_code = models.CharField(max_length=12, unique=True, default=new_join_code)
    budget_usd = models.CharField(max_length=40, blank=True, default="")  # of each lab; exact decimal text, "" is none
    tutorials = models.JSONField(default=list)  # slugs, in order
    closed = models.BooleanField(default=False)  # nobody joins any more
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name


class Enrolment(models.Model):
    """One student in a class and the lab they were given there."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="enrolments")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="enrolments")
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="enrolment")
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["course", "user"], name="student_once_per_course")]


class StepProgress(models.Model):
    """What a lab has reached of one step. done_at: None while it is the step they are at. Real times."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="step_progress")
    tutorial = models.SlugField(max_length=60)
    step = models.SlugField(max_length=60)
    started_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    missing = models.TextField(blank=True, default="")  # what the last check said is still to do

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["account", "tutorial", "step"], name="step_once_per_lab")]


class FailedJoin(models.Model):
    """A wrong join or rejoin code. Kept for a few minutes."""

    remote = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["remote", "at"], name="failed_join_by_remote")]
