"""What a person typed and why it cannot be: shown at its field, never as a traceback."""


class Refused(Exception):
    """A form that cannot be accepted. fields: name of the field -> a sentence."""

    def __init__(self, **fields):
        self.fields = fields
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
