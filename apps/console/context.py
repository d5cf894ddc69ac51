"""What every page's template knows: the navigation, the lab, its budget."""

from django.conf import settings

from apps.billing import budgets
from apps.console import labs
from apps.identity.models import User

# (name, address, icon, words that the address may begin with)
STUDENT = [
    ("Home", "/", "home"),
    ("Buckets", "/buckets/", "bucket"),
    ("Functions", "/functions/", "function"),
    ("Queues", "/queues/", "queue"),
    ("Keys", "/keys/", "key"),
    ("Users and roles", "/identity/", "lock"),
    ("Distributions", "/distributions/", "globe"),
    ("Map", "/map/", "map"),
    ("Bill", "/bill/", "bill"),
    ("Requests", "/requests/", "why"),
    ("Lessons", "/tutorials/", "lesson"),
]
TEACHER = ("Classes", "/classes/", "class")
ADMIN = ("Admin", "/admin/", "admin")


def _items(user):
    items = list(STUDENT)
    if user.kind in (User.Kind.TEACHER, User.Kind.ADMIN):
        items.append(TEACHER)
    if user.kind == User.Kind.ADMIN:
        items.append(ADMIN)
    return items


def page(request):
    """Return the variables of base.html; next to nothing for strangers and fragments."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"nav": []}
    path = request.path
    nav = [
        {"name": name, "href": href, "icon": icon, "here": path == href if href == "/" else path.startswith(href)}
        for name, href, icon in _items(request.user)
    ]
    if getattr(request, "htmx", False) and not request.htmx.boosted:
        return {"nav": nav, "lab": getattr(request, "lab", None)}
    lab = getattr(request, "lab", None)
    return {
        "nav": nav,
        "lab": lab,
        "lab_choices": labs.openable(request.user).exclude(is_showcase=True).order_by("name")[:30] if lab else [],
        "lab_is_own": bool(lab and lab.owner_id == request.user.pk),
        "lab_budget": budgets.status(lab) if lab and lab.budget_usd else None,
        "aws_port": settings.AWS_PORT,
        "edge_port": settings.EDGE_PORT,
    }
