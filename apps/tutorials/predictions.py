"""Questions that ask before the student looks: the answer is kept, the lab's own measurement set beside it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction

from apps.tutorials import numbers
from apps.tutorials.content import Field
from apps.tutorials.measures import MEASURES, Measured
from apps.tutorials.models import Answer

NEAR = Decimal("0.25")  # a number within a quarter of the measured one is a good guess
LARGEST = Decimal(10) ** 9


@dataclass(frozen=True)
class Comparison:
    """One question, what was predicted, and what was measured (None: not yet). verdict: "", "right", "near", "off"."""

    field: Field
    said: str
    measured: Measured | None
    verdict: str


def save(account, tutorial, step, posted):
    """Keep a lab's answers to a step, once. Returns {field name: what is wrong}, empty when saved.

    The first answer stays: a prediction that can be mended afterwards predicts nothing.
    """
    values, errors = {}, {}
    for field in step.fields:
        text = " ".join(str(posted.get(field.name, "")).split())
        wrong = _wrong(field, text)
        if wrong:
            errors[field.name] = wrong
        values[field.name] = text.replace(",", ".") if field.kind == "number" else text
    if not errors:
        try:
            with transaction.atomic():
                Answer.objects.create(account=account, tutorial=tutorial.slug, step=step.slug, values=values)
        except IntegrityError:
            pass  # answered before
    return errors


def _wrong(field, text):
    """Return what is wrong with an answer, "" when it can be kept."""
    if field.kind == "choice":
        return "" if text in dict(field.options) else "Choose one."
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return f"Write a number of {field.unit}."
    if not number.is_finite() or not 0 <= number <= LARGEST:
        return f"Write a number of {field.unit} between 0 and a billion."
    return ""


def comparisons(account, tutorial, shown):
    """Return what belongs beside a step: its own questions, or those that the step before it asked."""
    asking = shown if shown.asks else tutorial.before(shown.slug)
    if asking is None or not asking.asks:
        return []
    answer = Answer.objects.filter(account=account, tutorial=tutorial.slug, step=asking.slug).first()
    if answer is None:
        return []
    measured = MEASURES[asking.measure](account, numbers.of(account))
    return [_compared(field, answer.values[field.name], measured.get(field.name)) for field in asking.fields]


def _compared(field, said, measured):
    if field.kind == "choice":
        shown = dict(field.options)[said]
        verdict = "" if measured is None else ("right" if said == measured.value else "off")
    else:
        shown = f"{said} {field.unit}"
        verdict = "" if measured is None else _closeness(Decimal(said), Decimal(measured.value))
    return Comparison(field, shown, measured, verdict)


def _closeness(said, real):
    """Return how good a guess is.

    >>> _closeness(Decimal(10), Decimal(10)), _closeness(Decimal(12), Decimal(10)), _closeness(Decimal(99), Decimal(10))
    ('right', 'near', 'off')
    """
    if said == real:
        return "right"
    return "near" if abs(said - real) <= NEAR * real else "off"
