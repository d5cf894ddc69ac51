"""Open a class, change its code, close it."""

from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction

from apps.classrooms.errors import Refused
from apps.classrooms.lessons import LESSONS
from apps.classrooms.models import Course, new_join_code

MAX_BUDGET_USD = Decimal(100_000)


def clean_budget(text):
    """Return a budget as exact decimal text, "" for none. Errors: Refused(budget_usd)."""
    text = text.strip().removeprefix("$").strip()
    if not text:
        return ""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Refused(budget_usd="Write an amount of dollars, such as 5 or 2.50, or leave it empty.") from None
    if not amount.is_finite() or not 0 < amount <= MAX_BUDGET_USD:
        raise Refused(budget_usd=f"A budget is more than 0 and at most {MAX_BUDGET_USD:,} dollars.")
    if amount.as_tuple().exponent < -6:
        raise Refused(budget_usd="A budget has at most 6 digits behind the point.")
    return f"{amount.normalize():f}"


def clean_name(text, field, what, longest=80):
    """Return a name without surrounding or doubled spaces. Errors: Refused(field)."""
    name = " ".join(text.split())
    if not name:
        raise Refused(**{field: f"{what} needs a name."})
    if len(name) > longest:
        raise Refused(**{field: f"{what}'s name has at most {longest} characters; this one has {len(name)}."})
    if not name.isprintable():
        raise Refused(**{field: f"{what}'s name has characters that cannot be shown."})
    return name


def create(teacher, name, budget_usd, tutorials):
    """Open a class.

    budget_usd: text, "" for none, for each lab. tutorials: slugs. Errors: Refused(name, budget_usd, tutorials).
    """
    wrong = {}
    try:
        name = clean_name(name, "name", "A class")
    except Refused as err:
        wrong |= err.fields
    try:
        budget_usd = clean_budget(budget_usd)
    except Refused as err:
        wrong |= err.fields
    unknown = [slug for slug in tutorials if slug not in LESSONS]
    if unknown:
        wrong["tutorials"] = f"There is no tutorial {unknown[0]}."
    if wrong:
        raise Refused(**wrong)
    course = Course(teacher=teacher, name=name, budget_usd=budget_usd, tutorials=list(tutorials))
    return _with_new_code(course)


def renew_code(course):
    """Give a class another join code; the old one is worth nothing from now on."""
    return _with_new_code(course)


def _with_new_code(course):
    for _attempt in range(10):
        course.join_code = new_join_code()
        try:
            with transaction.atomic():
                course.save()
        except IntegrityError:  # the code is another class's: one in hundreds of millions
            continue
        return course
    raise RuntimeError("ten join codes in a row were taken")


def set_closed(course, closed):
    """Close a class to newcomers, or open it again. Labs and progress stay."""
    course.closed = closed
    course.save(update_fields=["closed"])
