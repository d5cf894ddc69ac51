"""The console's template components: one system of inclusion tags."""

from django import template

register = template.Library()
