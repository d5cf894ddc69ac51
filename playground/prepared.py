"""Queries that are compiled once.

Django turns a queryset into SQL anew at every use, which costs several times what SQLite needs to answer a
lookup by an index. A Prepared keeps the SQL and how rows become instances, and only binds new values.
For the few lookups of every request; anything else is a plain queryset.
"""

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.query import get_related_populators


class Prepared:
    """A queryset with open values.

    build(*values): makes the queryset, called once with stand-ins. kinds: int or str for each value.
    """

    def __init__(self, build, *kinds):
        self.build, self.kinds, self.plan = build, kinds, None

    def _prepare(self, connection):
        stand_ins = [-(10**9) - n if kind is int else f"\x01stand-in {n}\x01" for n, kind in enumerate(self.kinds)]
        queryset = self.build(*stand_ins)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, values = compiler.as_sql()
        slots = [stand_ins.index(value) if value in stand_ins else None for value in values]
        chosen, info = compiler.select, compiler.klass_info
        converters = list(compiler.get_converters([column[0] for column in chosen]).items())
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in chosen[first:last]]
        populators = get_related_populators(info, chosen, DEFAULT_DB_ALIAS)
        self.plan = (
            sql,
            list(zip(slots, values, strict=True)),
            converters,
            info["model"],
            slice(first, last),
            names,
            populators,
        )
        return self.plan

    def first(self, *values):
        """Return the first instance for these values, or None."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, parts, converters, model, own, names, populators = self.plan or self._prepare(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql, [constant if slot is None else values[slot] for slot, constant in parts])
            row = cursor.fetchone()
        if row is None:
            return None
        row = list(row)
        for place, (functions, expression) in converters:
            for function in functions:
                row[place] = function(row[place], expression, connection)
        found = model.from_db(DEFAULT_DB_ALIAS, names, row[own])
        for populator in populators:
            populator.populate(row, found)
        return found


def delete_row(row):
    """Delete one row whose followers the caller knows there are none of, without asking for them.

    Foreign keys in the database still hold: a forgotten follower is an IntegrityError, not a dangling row.
    """
    meta = row._meta
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f'DELETE FROM "{meta.db_table}" WHERE "{meta.pk.column}" = %s', [row.pk])


def save_fields(row, *names):
    """Write some fields of one row, as save(update_fields=...) does without its signals and its questions."""
    connection, meta = connections[DEFAULT_DB_ALIAS], row._meta
    fields = [meta.get_field(name) for name in names]
    places = ", ".join(f'"{field.column}" = %s' for field in fields)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{meta.db_table}" SET {places} WHERE "{meta.pk.column}" = %s', [*values, row.pk])
