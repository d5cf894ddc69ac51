"""A decimal kept as text: SQLite's own decimals lose digits past the fifteenth."""

from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import models


class ExactDecimalField(models.CharField):
    """A Decimal of up to 80 characters, stored and read back digit for digit."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 80)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value, _expression, _connection):
        return None if value is None else Decimal(value)

    def to_python(self, value):
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValidationError(f"{value!r} is not a decimal number") from None

    def get_prep_value(self, value):
        return None if value is None else format(Decimal(value), "f")
