"""Who is in a class: joining by code and name alone, coming back, leaving.

A student who joins is a user without password: they sign in again with their *rejoin code*.
Names may repeat in a class; two Annas are two students with two labs.
"""

from datetime import timedelta

from django.db import transaction

from apps.classrooms.courses import clean_name
from apps.classrooms.errors import Refused
from apps.classrooms.models import REJOIN_CODE_LENGTH, Course, Enrolment, FailedJoin, new_code
from apps.identity import accounts
from apps.identity.models import Account, User
from playground import clock

# A whole class may sit behind one address, so thirty slips are forgiven; 27^6 codes at 30 per
# 5 minutes is a hundred years of guessing.
MAX_FAILURES = 30
FAILURE_WINDOW = timedelta(minutes=5)
MAX_STUDENTS = 400  # a code that leaked cannot fill the disk with labs

UNKNOWN_CODE = "No class has this code. Ask for it again: letters and digits, upper or lower case does not matter."
TOO_MANY = "Too many wrong codes came from this address. Wait five minutes, then try again."


def plain_code(text):
    """Return a code as stored: upper case, without spaces and hyphens."""
    return "".join(c for c in text.upper() if c.isalnum())[:32]


def shown_code(code):
    """Return a code in groups of four, to be read and copied by hand.

    >>> shown_code("ABCDEFGHJKMN")
    'ABCD-EFGH-JKMN'
    """
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def _slow_guessing(remote, field):
    since = clock.real_now() - FAILURE_WINDOW
    if FailedJoin.objects.filter(remote=remote, at__gte=since).count() >= MAX_FAILURES:
        raise Refused(**{field: TOO_MANY})


def _failed(remote):
    now = clock.real_now()
    FailedJoin.objects.filter(at__lt=now - FAILURE_WINDOW).delete()
    FailedJoin.objects.create(remote=remote, at=now)


def find_course(code, remote):
    """Return the open class of a join code. remote: address of who asks. Errors: Refused(code)."""
    _slow_guessing(remote, "code")
    course = Course.objects.filter(join_code=plain_code(code)).first()
    if course is None:
        _failed(remote)
        raise Refused(code=UNKNOWN_CODE)
    if course.closed:
        raise Refused(code=f"The class {course.name} is closed. Ask your teacher to open it again.")
    return course


def join(code, name, remote):
    """Make a new student in a class, with a lab of their own. Errors: Refused(code, name)."""
    name = clean_name(name, "name", "A student", longest=60)
    course = find_course(code, remote)
    with transaction.atomic():
        user = User(
            username=f"student-{new_code(10).lower()}",
            first_name=name,
            kind=User.Kind.STUDENT,
            rejoin_code=new_code(REJOIN_CODE_LENGTH),
        )
        user.set_unusable_password()
        user.save()
        return enrol(course, user)


def join_as(code, user, remote):
    """Let a student who is signed in join (another) class. Returns the enrolment they have there."""
    if user.kind != User.Kind.STUDENT:
        raise Refused(code="Only students join classes. Sign out first to try it as a student.")
    course = find_course(code, remote)
    found = course.enrolments.filter(user=user).first()
    return found or enrol(course, user)


def enrol(course, user):
    """Give a student a lab in a class, with the class's budget."""
    with transaction.atomic():
        if course.enrolments.count() >= MAX_STUDENTS:
            raise Refused(code=f"The class {course.name} is full: it has {MAX_STUDENTS} students.")
        account = accounts.create(name=f"{user}'s lab", owner=user, budget_usd=course.budget_usd)
        return Enrolment.objects.create(course=course, user=user, account=account)


def rejoin(code, remote):
    """Return the student whose rejoin code this is. Errors: Refused(rejoin_code)."""
    _slow_guessing(remote, "rejoin_code")
    wanted = plain_code(code)
    user = (
        User.objects.filter(rejoin_code=wanted, is_active=True).first() if len(wanted) >= REJOIN_CODE_LENGTH else None
    )
    if user is None:
        _failed(remote)
        raise Refused(rejoin_code="No student has this rejoin code. Ask your teacher, who sees it on the class page.")
    return user


def remove(enrolment):
    """Take a student out of a class. Their lab is suspended, not destroyed: an admin can bring it back."""
    with transaction.atomic():
        account, user = enrolment.account, enrolment.user
        account.suspended = True
        account.save(update_fields=["suspended"])
        enrolment.delete()
        if not user.has_usable_password() and not user.enrolments.exists():
            user.is_active = False  # nothing is left that they could sign in to
            user.save(update_fields=["is_active"])


def labs_taught_by(user):
    """Return the labs of a teacher's students, which the teacher may open and nobody else may."""
    return Account.objects.filter(enrolment__course__in=Course.objects.visible_to(user))
