"""Pages of the classroom: joining, the teacher's classes and live board, the student's own page.

A class belongs to its teacher: anybody else's id is answered like one that does not exist. /join and
/rejoin are open to strangers, and slow to guess at (rosters.py).
"""

from django.contrib.auth import login
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.classrooms import board, courses, lessons, progress, reset, rosters
from apps.classrooms.errors import Refused
from apps.classrooms.models import Course, Enrolment
from apps.identity.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


def _leader(request):
    """Return who leads classes. Errors: 404 for a student, as for any page that is not theirs."""
    if request.user.kind not in (User.Kind.TEACHER, User.Kind.ADMIN):
        raise Http404
    return request.user


def _course(request, pk):
    return get_object_or_404(Course.objects.visible_to(_leader(request)), pk=pk)


def _enrolment(request, pk, enrolment_pk):
    return get_object_or_404(_course(request, pk).enrolments.select_related("user", "account"), pk=enrolment_pk)


# -- joining ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def join(request):
    """Join a class by code and name; a student who is signed in may join as who they are."""
    values = {"code": request.POST.get("code", request.GET.get("code", "")), "name": request.POST.get("name", "")}
    known = request.user if request.user.is_authenticated and request.user.kind == User.Kind.STUDENT else None
    errors = {}
    if request.method == "POST":
        try:
            if known and "as_me" in request.POST:
                enrolment = rosters.join_as(values["code"], known, _remote(request))
            else:
                enrolment = rosters.join(values["code"], values["name"], _remote(request))
                login(request, enrolment.user, BACKEND)
            request.session["lab"] = enrolment.account.account_id
            return redirect("classrooms:me")
        except Refused as err:
            errors = err.fields
    page = {"values": values, "errors": errors, "known": known}
    return render(request, "classrooms/join.html", page, status=422 if errors else 200)


@require_http_methods(["GET", "POST"])
def rejoin(request):
    """Come back by the rejoin code."""
    errors, code = {}, request.POST.get("rejoin_code", "")
    if request.method == "POST":
        try:
            user = rosters.rejoin(code, _remote(request))
            login(request, user, BACKEND)
            return redirect("/")
        except Refused as err:
            errors = err.fields
    return render(request, "classrooms/rejoin.html", {"code": code, "errors": errors}, status=422 if errors else 200)


def _remote(request):
    return request.META.get("REMOTE_ADDR", "")


@require_GET
def me(request):
    """Show a student their classes, their labs and the code to come back with."""
    enrolments = list(
        Enrolment.objects.filter(user=request.user).select_related("course", "course__teacher", "account")
    )
    shown = [{"enrolment": e, "lessons": _own_tracks(e)} for e in enrolments]
    page = {"shown": shown, "rejoin_code": rosters.shown_code(request.user.rejoin_code)}
    return render(request, "classrooms/me.html", page)


def _own_tracks(enrolment):
    return [
        (lesson, sum(bool(row.done_at) for row in progress.of(enrolment.account, lesson.slug).values()))
        for lesson in lessons.chosen(enrolment.course.tutorials)
    ]


# -- the teacher's classes ----------------------------------------------------------------------


@require_GET
def index(request):
    """List a teacher's classes; a student has a page of their own instead."""
    if request.user.kind == User.Kind.STUDENT:
        return redirect("classrooms:me")
    found = Course.objects.visible_to(request.user).select_related("teacher").prefetch_related("enrolments")
    return render(request, "classrooms/index.html", {"courses": found})


@require_http_methods(["GET", "POST"])
def new(request):
    """Open a class."""
    teacher = _leader(request)
    values = {"name": "", "budget_usd": "5", "tutorials": list(lessons.LESSONS)}
    errors = {}
    if request.method == "POST":
        values = {
            "name": request.POST.get("name", ""),
            "budget_usd": request.POST.get("budget_usd", ""),
            "tutorials": request.POST.getlist("tutorials"),
        }
        try:
            made = courses.create(teacher, values["name"], values["budget_usd"], values["tutorials"])
            return redirect("classrooms:board", made.pk)
        except Refused as err:
            errors = err.fields
    page = {"values": values, "errors": errors, "lessons": lessons.LESSONS.values()}
    return render(request, "classrooms/new.html", page, status=422 if errors else 200)


@require_GET
def show(request, pk):
    """Show a class live; htmx asks for the board alone."""
    course = _course(request, pk)
    rows = board.rows(course)
    page = {
        "course": course,
        "rows": rows,
        "stuck": sum(row.stuck for row in rows),
        "stuck_minutes": int(board.STUCK_AFTER.total_seconds() // 60),
        "finished": sum(row.finished for row in rows),
        "join_url": request.build_absolute_uri(reverse("classrooms:join")) + f"?code={course.join_code}",
    }
    return render(request, "classrooms/_board.html" if request.htmx else "classrooms/board.html", page)


@require_GET
def export(request, pk):
    """Give a class's progress as a CSV file."""
    course = _course(request, pk)
    answer = HttpResponse(board.as_csv(course), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(course.name) or "class"}.csv"'
    return answer


@require_POST
def renew_code(request, pk):
    """Give a class another join code."""
    courses.renew_code(_course(request, pk))
    return redirect("classrooms:board", pk)


@require_POST
def set_closed(request, pk):
    """Close a class to newcomers, or open it again."""
    courses.set_closed(_course(request, pk), request.POST.get("closed") == "1")
    return redirect("classrooms:board", pk)


@require_GET
def student(request, pk, enrolment_pk):
    """Show one student: every step, the rejoin code, and what a teacher may do."""
    enrolment = _enrolment(request, pk, enrolment_pk)
    row = next((row for row in board.rows(enrolment.course) if row.enrolment.pk == enrolment.pk), None)
    if row is None:
        raise Http404
    # The code opens all of a student's labs, so it is shown only to who leads all of their classes.
    elsewhere = enrolment.user.enrolments.exclude(course__in=Course.objects.visible_to(request.user)).exists()
    code = "" if elsewhere else rosters.shown_code(enrolment.user.rejoin_code)
    page = {"course": enrolment.course, "row": row, "enrolment": enrolment, "rejoin_code": code}
    return render(request, "classrooms/student.html", page)


@require_POST
def reset_lab(request, pk, enrolment_pk):
    """Empty a student's lab."""
    enrolment = _enrolment(request, pk, enrolment_pk)
    left = reset.empty(enrolment.account)
    if left:
        page = {"course": enrolment.course, "enrolment": enrolment, "left": left}
        return render(request, "classrooms/not_empty.html", page, status=409)
    return redirect("classrooms:student", pk, enrolment_pk)


@require_POST
def remove(request, pk, enrolment_pk):
    """Take a student out of a class."""
    rosters.remove(_enrolment(request, pk, enrolment_pk))
    return redirect("classrooms:board", pk)
