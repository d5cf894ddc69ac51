"""Pages of the tutorials. A tutorial looks at the lab that is open, so there is nothing to hand in.

/tutorials/<slug>/ shows the step a lab is at, ?step= another one. The part that checks asks again
every two seconds and comes back without asking (status 286) once the step is done.
"""

import hashlib

from django.http import Http404, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.classrooms import progress as saved
from apps.tutorials import content, numbers, predictions, progress, samples

STOP_POLLING = 286


def _tutorial(slug):
    found = content.tutorials().get(slug)
    if found is None:
        raise Http404
    return found


@require_GET
def index(request):
    """List the tutorials with how far this lab is."""
    shown = []
    for tutorial in content.tutorials().values():
        done = sum(bool(row.done_at) for row in saved.of(request.lab, tutorial.slug).values()) if request.lab else 0
        shown.append({"tutorial": tutorial, "done": done, "steps": len(tutorial.steps)})
    return render(request, "tutorials/index.html", {"shown": shown})


def _page(request, tutorial, slug=None):
    """Return what the templates show of a tutorial at one step, by default the one the lab is at."""
    places = progress.advance(request.lab, tutorial)
    current = next((place for place in places if place.state == "current"), places[-1])
    place = next((place for place in places if place.step.slug == slug), None) if slug else current
    if place is None:
        raise Http404
    lab = progress.lab(request.lab)
    step = place.step
    comparisons = predictions.comparisons(request.lab, tutorial, step)
    return {
        "tutorial": tutorial,
        "places": places,
        "place": place,
        "step": step,
        "current": current,
        "done": sum(p.state == "done" for p in places),
        "next": tutorial.after(step.slug),
        "lab_names": lab,
        "text": content.html(step.text, lab),
        "hints": [content.html(hint, lab) for hint in step.hints],
        "terminal": content.fill(step.terminal, lab),
        "links": [(content.fill(link.text, lab), content.fill(link.to, lab)) for link in step.links],
        "questions": _questions(step, {}, {}),
        "comparisons": comparisons,
        "answered": step.asks and bool(comparisons),
        "mark": _mark(places, comparisons),
        "introduction": content.html(tutorial.introduction, lab) if place.number == 1 else "",
    }


def _questions(step, values, errors):
    """Return a step's questions with what was typed and what was wrong with it."""
    return [
        {"field": field, "value": values.get(field.name, ""), "problem": errors.get(field.name, "")}
        for field in step.fields
    ]


def _mark(places, comparisons):
    """Return a mark of all that the live part shows, to tell whether there is news."""
    told = repr([(place.state, place.missing) for place in places]) + repr(comparisons)
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


@require_GET
def show(request, slug):
    """Show a tutorial at one step."""
    tutorial = _tutorial(slug)
    if request.lab is None:
        return render(request, "tutorials/no_lab.html", {"tutorial": tutorial}, status=409)
    return render(request, "tutorials/show.html", _page(request, tutorial, request.GET.get("step")))


@require_GET
def check(request, slug, step_slug):
    """Answer the page that asks whether the step is done by now."""
    tutorial = _tutorial(slug)
    if request.lab is None or tutorial.step(step_slug) is None:
        raise Http404
    if not request.htmx:
        return redirect(f"{reverse('tutorials:show', args=[slug])}?step={step_slug}")
    page = _page(request, tutorial, step_slug)
    if page["place"].state == "done":
        return render(request, "tutorials/_live.html", page, status=STOP_POLLING)
    if page["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)  # no news: nothing on the page moves, and no screen reader speaks
    return render(request, "tutorials/_live.html", page)


@require_POST
def answer(request, slug, step_slug):
    """Write down a prediction."""
    tutorial = _tutorial(slug)
    step = tutorial.step(step_slug)
    if request.lab is None or step is None or not step.asks:
        raise Http404
    if request.lab.owner_id != request.user.pk:
        return HttpResponseForbidden("Only the student whose lab this is may guess.")
    errors = predictions.save(request.lab, tutorial, step, request.POST)
    if errors:
        page = _page(request, tutorial, step_slug)
        page["questions"] = _questions(step, request.POST, errors)
        return render(request, "tutorials/show.html", page, status=422)
    return redirect(f"{reverse('tutorials:show', args=[slug])}?step={step_slug}")


@require_GET
def sample(request, name):
    """Give a sample file to save; never to be shown as a page of the console."""
    if request.lab is None or name not in samples.TYPES:
        raise Http404
    answer = HttpResponse(samples.content(name, numbers.of(request.lab)), content_type=samples.TYPES[name])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
