"""The service's requests: tables, texts and labels in, marked copies out."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from tracemark.errors import (
    AlreadyMarked,
    HostTooSmall,
    MissingExtra,
    TracemarkError,
    UnreadableSample,
    UsageError,
    VaultError,
)
from tracemark.service.streams import Inflow, Outflow
from tracemark.service.tokens import Grant, Tokens
from tracemark.vault import Vault

TABLES = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/x-ndjson": "jsonl",
    "text/plain": "text",
}
PDF = "application/pdf"
LABELS = ("image/png", "image/jpeg", "image/bmp", "image/tiff", PDF)
LABEL_LIMIT = 1 << 26  # bytes
_WAITERS = 400
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_STATUS = (
    (AlreadyMarked, 409),
    (HostTooSmall, 422),
    (UnreadableSample, 422),
    (UsageError, 400),
    (MissingExtra, 501),
)

T = TypeVar("T")
log = logging.getLogger("tracemark.service")
_bearer = HTTPBearer(auto_error=False, description="A token of `tracemark token issue`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
To = Annotated[
    str | None,
    Query(description="Recipient id; needed where the token is bound to several."),
]


class Refused(Exception):
    """A request that is turned down: status, what is wrong, the next step."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.status, self.hint = status, hint


class Text(BaseModel):
    """One text to be marked."""

    model_config = ConfigDict(extra="forbid")

    text: str
    role: str = "address"
    policy: str = "full"


class Problem(BaseModel):
    """What was wrong, and the next step."""

    error: str
    hint: str


def application(vault: str | os.PathLike[str], *, marking: int, table_limit: int) -> FastAPI:
    """The service as an ASGI application. See `tracemark.service.create_app`."""
    Vault.open(vault).close()  # what is wrong with it is said at the start
    tokens = Tokens(vault)
    markers = anyio.CapacityLimiter(marking)
    waiters = anyio.CapacityLimiter(_WAITERS)  # these threads only wait, for a client or a marker
    running: set[asyncio.Task[Any]] = set()  # the event loop itself keeps no task alive

    app = FastAPI(
        title="tracemark marking service",
        description=(
            "Marks tables, texts and waybill labels for the recipient that a token is bound to. "
            "It never traces and never shows a key. An answer that breaks off is not a copy that "
            "may be used; the ledger holds what was sent until then."
        ),
        version="1",
        responses={
            status: {"model": Problem, "description": text}
            for status, text in {
                400: "the request cannot be meant",
                401: "no token that holds",
                403: "a token for another recipient",
                422: "not a file of that kind, or nothing in it can be marked",
                503: "the vault cannot be used",
            }.items()
        },
    )

    async def in_thread(work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=markers)

    async def waiting(work: Callable[..., T], *arguments: Any) -> T:
        return await anyio.to_thread.run_sync(work, *arguments, limiter=waiters)

    def permitted(credentials: HTTPAuthorizationCredentials | None, to: str | None) -> str:
        grant = tokens.grant(credentials.credentials) if credentials else None
        if grant is None:
            raise Refused(401, "no token that holds", "Authorization: Bearer tm_…")
        return _recipient(grant, to)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return _problem(error.status, str(error), error.hint, headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        return _problem(422, f"{where}: {error.errors()[0]['msg']}", "see /docs")

    @app.exception_handler(HTTPException)
    async def unread(_: Request, error: HTTPException) -> JSONResponse:
        return _problem(
            error.status_code, str(error.detail), "see /docs", dict(error.headers or {})
        )

    @app.exception_handler(TracemarkError)
    async def failed(_: Request, error: TracemarkError) -> JSONResponse:
        if isinstance(error, VaultError):  # where the vault lies is nobody's business
            log.error("%s (%s)", error, error.hint)
            return _problem(503, "the vault cannot be used now", "try again; see the server's log")
        status = next((number for kind, number in _STATUS if isinstance(error, kind)), 500)
        return _problem(status, str(error), error.hint)

    @app.get("/v1/health", summary="Is the vault there, and can it be read?")
    async def health() -> dict[str, str]:
        await in_thread(lambda: Vault.open(vault).close())
        return {"status": "ok"}

    @app.post(
        "/v1/tables",
        summary="Mark a table or a text file",
        openapi_extra=_body(*TABLES),
        response_class=StreamingResponse,
    )
    async def table(
        request: Request,
        credentials: Credentials,
        to: To = None,
        policy: Annotated[str, Query(description="full, quiet or plain.")] = "full",
        column: Annotated[
            list[str] | None, Query(description="NAME=ROLE, where a header does not tell.")
        ] = None,
        encoding: Annotated[str | None, Query(description="Where it cannot be told.")] = None,
        name: Annotated[str | None, Query(description="File name, for the ledger.")] = None,
    ) -> Response:
        recipient = permitted(credentials, to)
        media = _media(request, TABLES)
        columns = dict(_pair(one) for one in column or [])
        source, sink = Inflow(), Outflow()

        def work() -> None:
            with sink, source, Vault.open(vault) as opened:
                opened.mark_table(
                    source, sink, recipient, columns, policy,
                    name=name, kind=TABLES[media], encoding=encoding,
                )  # fmt: skip

        async def feed() -> None:
            size, over = 0, False
            try:
                async for block in request.stream():
                    size += len(block)
                    if size <= table_limit:
                        await waiting(source.put, block)
                    elif not over:  # the rest is let by: who sends all before reading must end
                        over = True
                        await waiting(source.end, f"it has more than {table_limit} bytes")
                if not over:
                    await waiting(source.end, "")
            except ClientDisconnect:
                await waiting(source.end, "the sender left")

        for task in (asyncio.create_task(feed()), asyncio.create_task(in_thread(work))):
            running.add(task)
            task.add_done_callback(running.discard)
        await waiting(sink.begun)
        # as a header: to a text's media type the library adds a charset of its own
        return _Following(sink.blocks(), headers={"content-type": request.headers["content-type"]})

    @app.post("/v1/texts", summary="Mark one text")
    async def text(body: Text, credentials: Credentials, to: To = None) -> dict[str, str]:
        recipient = permitted(credentials, to)
        if _SURROGATE.search(body.text):
            raise Refused(422, "a text that UTF-8 cannot hold", "check how it was decoded")

        def work() -> str:
            with Vault.open(vault) as opened:
                return opened.mark_text(body.text, recipient, body.role, body.policy)

        return {"recipient": recipient, "text": await in_thread(work)}

    @app.post(
        "/v1/labels",
        summary="Mark the picture of one label",
        openapi_extra=_body(*LABELS),
        response_class=Response,
    )
    async def label(
        request: Request,
        credentials: Credentials,
        to: To = None,
        waybill: Annotated[str | None, Query(description="The label's number.")] = None,
        profile: Annotated[str, Query(description="discreet, default or robust.")] = "default",
        dpi: Annotated[float | None, Query(gt=0, description="Where it cannot be told.")] = None,
    ) -> Response:
        recipient = permitted(credentials, to)
        media = _media(request, LABELS)
        held = io.BytesIO()
        async for block in request.stream():
            if held.tell() + len(block) > LABEL_LIMIT:
                raise Refused(413, "too large for a label", f"at most {LABEL_LIMIT} bytes")
            held.write(block)
        held.seek(0)
        if (media == PDF) != (b"%PDF-" in held.getvalue()[:1024]):
            raise Refused(415, "the body is not what its Content-Type says", "name its own kind")

        def work() -> bytes:
            marked = io.BytesIO()
            with Vault.open(vault) as opened:
                opened.mark_label_file(
                    held, marked, recipient, waybill, profile, name="the label", dpi=dpi
                )
            return marked.getvalue()

        return Response(await in_thread(work), media_type=media)

    return app


def _recipient(grant: Grant, to: str | None) -> str:
    """For whom a request asks, if its token allows it."""
    if to is None and grant.prefix:
        raise Refused(400, "the token is bound to several recipients", "say which: ?to=ID")
    wanted = grant.recipient if to is None else to
    if not grant.allows(wanted):
        raise Refused(403, "this token is for another recipient", "use that recipient's own token")
    return wanted


def _media(request: Request, known: Any) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in known:
        raise Refused(415, "a body of this kind is not marked", f"one of {', '.join(known)}")
    return media


def _pair(option: str) -> tuple[str, str]:
    name, equals, role = option.rpartition("=")
    if not (name and equals and role):
        raise Refused(
            400, "a column is not NAME=ROLE", "?column=NAME=ROLE, for example 地址=address"
        )
    return name, role


def _problem(
    status: int, message: str, hint: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": message, "hint": hint}, status, headers)


def _body(*kinds: str) -> dict[str, Any]:
    """What the description says of a body that is a file."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {"requestBody": {"required": True, "content": content}}


class _Following(StreamingResponse):
    """Sends a copy while the table is still being received.

    A StreamingResponse of the library listens for the client's leaving at the same time, and would
    swallow what is left of the body.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.stream_response(send)
        except TracemarkError as error:  # an answer that does not end is one that broke off
            log.warning("a copy broke off: %s", error)
