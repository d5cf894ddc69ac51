"""How much of its budget a lab has spent this month."""

from dataclasses import dataclass
from decimal import Decimal

from apps.billing import invoices


@dataclass(slots=True, frozen=True)
class Budget:
    """limit: USD, None without a budget. spent: exact USD this month. fraction: spent / limit, 0 without one."""

    limit: Decimal | None
    spent: Decimal
    fraction: Decimal

    @property
    def percent(self):
        return min(int(self.fraction * 100), 100)

    @property
    def over(self):
        return self.limit is not None and self.spent > self.limit


def status(account):
    """Return a lab's Budget."""
    spent = invoices.invoice(account).total_exact
    limit = Decimal(account.budget_usd) if account.budget_usd else None
    return Budget(limit, spent, spent / limit if limit else Decimal(0))
