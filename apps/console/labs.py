"""Which lab a person is in, and which they may open."""

from apps.classrooms import rosters
from apps.identity.models import Account, User


def openable(user):
    """Return the labs a person may open: their own; a teacher's students'; for an admin all."""
    if user.kind == User.Kind.ADMIN:
        return Account.objects.all()
    own = Account.objects.filter(owner=user)
    if user.kind == User.Kind.TEACHER:
        taught = Account.objects.filter(pk__in=[lab.pk for lab in rosters.labs_taught_by(user)])
        return (own | taught).distinct()
    return own


def current(request):
    """Return the lab of this session: the chosen one while it may be opened, else the first of their own, or None."""
    chosen = request.session.get("lab")
    if chosen:
        found = openable(request.user).filter(account_id=chosen).first()
        if found:
            return found
    return Account.objects.filter(owner=request.user).order_by("-is_demo", "pk").first()


def switch(request, account_id):
    """Choose a lab. Returns it, or None when this person may not open it."""
    found = openable(request.user).filter(account_id=account_id).first()
    if found:
        request.session["lab"] = found.account_id
    return found
