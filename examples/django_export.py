"""A Django admin whose exports are marked, and a waybill as a marked PDF; all in one file.

    python examples/django_export.py        then http://127.0.0.1:8000/admin, demo, demo

Who exports is who has logged in: each user of the admin is a recipient of their own. Two things
concern your own project: the admin action `export_csv`, and the view `label`. The rest is what any
project has anyway.
Needs Django; for the label the extra ``pdf``, a Chinese font and the extra ``bench``.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import django
from django.apps import AppConfig
from django.conf import settings

import tracemark

if not settings.configured:
    _FOLDER = Path(os.environ.get("DEMO_FOLDER") or tempfile.mkdtemp())

    class Orders(AppConfig):
        """This file as an application."""

        name, label, path = __name__, "orders", str(Path(__file__).parent)

        def import_models(self) -> None:
            """The models stand further down in this file."""
            super().import_models()
            self.models_module = self.module

    settings.configure(
        DEBUG=True,
        SECRET_KEY="only for this demo",  # noqa: S106
        ROOT_URLCONF=__name__,
        TRACEMARK_VAULT=_FOLDER / "vault",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _FOLDER / "db.sqlite3"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
            *("django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"),
            Orders(__name__, sys.modules[__name__]),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        STATIC_URL="static/",
    )
    django.setup()

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.db import models
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

_BLOCK = 1 << 14  # characters
_FIELDS = {  # of the model, and the column of the export
    "waybill": "运单号",
    "name": "收件人",
    "phone": "手机",
    "address": "收货地址",
    "item": "商品",
    "remark": "备注",
}


class Order(models.Model):
    """What the shop knows of a parcel."""

    waybill = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=40)
    address = models.TextField()
    item = models.TextField()
    remark = models.TextField(blank=True)

    class Meta:  # noqa: D106
        app_label = "orders"


@functools.cache
def vault() -> tracemark.Vault:
    """The vault, opened once for each process; its threads share it."""
    return tracemark.Vault.open(settings.TRACEMARK_VAULT)


def account(request: HttpRequest) -> str:
    """The recipient that the user of this session is. Register it when the user is made."""
    return f"acct:{request.user.pk}"


@admin.action(description="Export the chosen orders (CSV)")
def export_csv(
    modeladmin: admin.ModelAdmin, request: HttpRequest, chosen: models.QuerySet
) -> StreamingHttpResponse | None:
    """Stream the orders as a marked copy of whoever asks; nothing, if it cannot be recorded."""
    try:
        lines = as_csv(vault().mark_rows(rows(chosen), to=account(request)))
        first = next(lines)  # only once the ledger holds it: before that, nothing is answered
    except tracemark.TracemarkError as error:
        modeladmin.message_user(request, f"no export: {error}", messages.ERROR)
        return None
    return StreamingHttpResponse(
        chain([first], lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="orders.csv"'},
    )


@admin.action(description="Export the chosen orders (XLSX)")
def export_xlsx(
    modeladmin: admin.ModelAdmin, request: HttpRequest, chosen: models.QuerySet
) -> HttpResponse | None:
    """The same as a workbook, which openpyxl writes when the last row is there."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    sheet.append([*_FIELDS.values()])
    try:
        for row in vault().mark_rows(rows(chosen), to=account(request)):
            sheet.append([*row.values()])
    except tracemark.TracemarkError as error:
        modeladmin.message_user(request, f"no export: {error}", messages.ERROR)
        return None
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = HttpResponse(
        content_type=kind, headers={"Content-Disposition": 'attachment; filename="orders.xlsx"'}
    )
    book.save(answer)
    return answer


@staff_member_required
def label(request: HttpRequest, number: int) -> HttpResponse:
    """One order's waybill as a PDF, marked for whoever prints it and bound to its number."""
    order = get_object_or_404(Order, pk=number)
    try:
        marked = vault().mark_label_pdf(drawn(order), to=account(request), waybill=order.waybill)
    except tracemark.TracemarkError as error:
        return HttpResponse(f"no label: {error}\n", status=503, content_type="text/plain")
    return HttpResponse(marked, content_type="application/pdf")


def rows(chosen: models.QuerySet) -> Iterator[dict[str, str]]:
    """The orders, one at a time, under the columns of the export."""
    for order in chosen.values().iterator():
        yield {column: order[field] for field, column in _FIELDS.items()}


def as_csv(rows: Iterable[Mapping[str, str]]) -> Iterator[bytes]:
    """The header and the rows as CSV, in blocks of some 16 KB; at least one."""
    block = io.StringIO(newline="")
    writer = csv.DictWriter(block, [*_FIELDS.values()])
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if block.tell() > _BLOCK:
            yield block.getvalue().encode()
            block.seek(0)
            block.truncate()
    yield block.getvalue().encode()


def drawn(order: Order) -> bytes:
    """The waybill as your system draws it: a PDF of one page."""
    from waybill import fields, waybill  # the invented waybill beside this file

    known = {column: getattr(order, field) for field, column in _FIELDS.items()}
    file = io.BytesIO()
    waybill({**fields(1), **known}).save(file, "PDF", resolution=203)
    return file.getvalue()


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders in the admin. This is all that it needs to change."""

    list_display = ("waybill", "name")
    actions = (export_csv, export_xlsx)


urlpatterns = [path("admin/", admin.site.urls), path("label/<int:number>.pdf", label)]


def prepare(orders: int = 200) -> None:
    """Tables, invented orders, a user, and a vault that knows it."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tracemark_cli.sample_orders import orders as invented

    call_command("migrate", run_syncdb=True, verbosity=0)
    user = User.objects.create_superuser("demo", password="demo")  # noqa: S106
    Order.objects.bulk_create(
        Order(**{field: row[column] for field, column in _FIELDS.items()})
        for row in invented(orders, seed=4)
    )
    with tracemark.Vault.create(settings.TRACEMARK_VAULT) as made:
        made.add_recipient(f"acct:{user.pk}", name=user.username)


def main() -> None:
    """Serve the admin until interrupted."""
    from django.core.management import execute_from_command_line

    prepare()
    execute_from_command_line(["django_export.py", "runserver", "--noreload", *sys.argv[1:]])


if __name__ == "__main__":
    main()
