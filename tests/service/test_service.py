"""The marking service, over real sockets: what comes back is the copy the library makes."""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

import tracemark

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill

uvicorn = pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
pytest.importorskip("fastapi", reason="needs the extra 'serve'")

from tracemark import service  # noqa: E402
from tracemark.service.app import LABEL_LIMIT  # noqa: E402

KEY = bytes(range(32))
ROWS = "运单号,收货地址,备注\r\n" + "".join(
    f"YT77120000{n:05},浙江省金华市义乌市北苑街道雪峰西路{n}号3幢2单元501室,尽快发货 谢谢\r\n"
    for n in range(400)
)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("service") / "vault"
    with tracemark.Vault.create(path, key=KEY) as made:
        made.add_recipients(["acct:1", "acct:2", "station:YW-1", "station:YW-2"])
    return path


@pytest.fixture(scope="module")
def port(vault: Path) -> Iterator[int]:
    app = service.create_app(vault, table_limit=1 << 22)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def token(vault: Path) -> str:
    return service.Tokens(vault).issue("acct:1")


def ask(
    port: int, path: str, body: bytes, kind: str, token: str | None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": kind}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with closing(connection):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


def problem(answer: tuple[int, bytes, http.client.HTTPMessage]) -> tuple[int, str]:
    status, body, _ = answer
    told = json.loads(body)
    assert set(told) == {"error", "hint"}
    return status, told["error"]


def test_a_table_comes_back_as_the_library_marks_it(vault: Path, port: int, token: str) -> None:
    status, body, headers = ask(port, "/v1/tables", ROWS.encode(), "text/csv", token)
    assert (status, headers["content-type"]) == (200, "text/csv")
    with tracemark.Vault.open(vault) as opened:
        wanted = io.BytesIO()
        opened.mark_table(io.BytesIO(ROWS.encode()), wanted, to="acct:1", kind="csv")
        assert body == wanted.getvalue() != ROWS.encode()
        case = opened.trace(body.decode())
    assert [one.recipient for one in case.accusations] == ["acct:1"]


def test_a_table_streams_while_it_is_sent(port: int, token: str) -> None:
    """The first marked rows arrive before the last ones have left."""
    head, *rows = ROWS.encode().splitlines(keepends=True)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(
            b"POST /v1/tables HTTP/1.1\r\nHost: here\r\nContent-Type: text/csv\r\n"
            b"Transfer-Encoding: chunked\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
        )

        def send(block: bytes) -> None:
            wire.sendall(b"%x\r\n%s\r\n" % (len(block), block))

        send(head + b"".join(rows) * 40)
        received = wire.recv(1 << 16)
        while "雪峰西路".encode()[:3] not in received:
            received += wire.recv(1 << 16)
        assert received.startswith(b"HTTP/1.1 200")
        send(rows[-1])
        wire.sendall(b"0\r\n\r\n")
        while not received.endswith(b"0\r\n\r\n"):
            received += wire.recv(1 << 16)


def test_a_copy_that_breaks_off_is_never_taken_for_whole(port: int, token: str) -> None:
    """Past the limit: refused if nothing has left yet, else an answer without an end."""
    try:
        status, _, _ = ask(port, "/v1/tables", ROWS.encode() * 200, "text/csv", token)
    except (http.client.IncompleteRead, ConnectionResetError):
        return
    assert status == 422


def test_a_label_comes_back_marked(vault: Path, port: int, token: str) -> None:
    label = waybill(3, size="100x150", dpi=203, layout="ruled")
    file = io.BytesIO()
    label.save(file, "PNG", dpi=(203, 203))
    status, body, _ = ask(
        port, "/v1/labels?waybill=YT7712000001", file.getvalue(), "image/png", token
    )
    assert status == 200
    marked = Image.open(io.BytesIO(body))
    assert (marked.mode, marked.size) == (label.mode, label.size)
    with tracemark.Vault.open(vault) as opened:
        assert [one.recipient for one in opened.trace(marked).accusations] == ["acct:1"]


def test_one_text(port: int, token: str) -> None:
    body = json.dumps({"text": "浙江省义乌市北苑街道雪峰西路99号3幢2单元501室"}).encode()
    status, answer, _ = ask(port, "/v1/texts", body, "application/json", token)
    assert status == 200
    assert json.loads(answer)["recipient"] == "acct:1"
    assert json.loads(answer)["text"] != json.loads(body)["text"]


def test_no_token_no_copy(vault: Path, port: int, token: str) -> None:
    for wrong in (None, "", "tm_00000000_x", token[:-1], token + "x", "%"):
        assert problem(ask(port, "/v1/tables", ROWS.encode(), "text/csv", wrong))[0] == 401


def test_a_token_is_bound_to_its_recipient(vault: Path, port: int, token: str) -> None:
    assert problem(ask(port, "/v1/tables?to=acct:2", b"a\n", "text/csv", token))[0] == 403
    several = service.Tokens(vault).issue("station:YW-", prefix=True)
    assert problem(ask(port, "/v1/tables", b"a\n", "text/csv", several))[0] == 400
    assert problem(ask(port, "/v1/tables?to=acct:1", b"a\n", "text/csv", several))[0] == 403
    body = ROWS.encode()
    assert ask(port, "/v1/tables?to=station:YW-2", body, "text/csv", several)[0] == 200


def test_a_revoked_token_fails_at_once(vault: Path, port: int) -> None:
    tokens = service.Tokens(vault)
    token = tokens.issue("acct:2")
    assert ask(port, "/v1/tables", b"a\n1\n", "text/csv", token)[0] == 200
    tokens.revoke(token.split("_")[1])
    assert problem(ask(port, "/v1/tables", b"a\n1\n", "text/csv", token))[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/v1/tables", b"a\n", "application/pdf", 415),
        ("/v1/tables?policy=loud", b"a\n1\n", "text/csv", 400),
        ("/v1/tables?column=nothing", b"a\n1\n", "text/csv", 400),
        ("/v1/tables?column=b=address", b"a\n1\n", "text/csv", 400),
        ("/v1/tables", b"\x89\xff\x00\x00\x07" * 99, "text/csv", 422),
        ("/v1/tables", b"x" * (1 << 23), "text/csv", 422),
        ("/v1/labels", b"\x89PNG\r\n\x1a\nno", "image/png", 422),
        ("/v1/labels", b"%PDF-1.7\n", "image/png", 415),
        ("/v1/labels", b"%PDF-1.7\n" + bytes(300), "application/pdf", 422),
        ("/v1/labels", b"x" * (LABEL_LIMIT + 1), "image/png", 413),
        ("/v1/texts", b'{"text": 3}', "application/json", 422),
    ],
)
def test_what_is_wrong_is_said(
    port: int, token: str, path: str, body: bytes, kind: str, status: int
) -> None:
    answered, told = problem(ask(port, path, body, kind, token))
    assert answered == status
    assert "\n" not in told


def test_a_client_that_leaves_does_no_harm(vault: Path, port: int, token: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(
            b"POST /v1/tables HTTP/1.1\r\nHost: here\r\nContent-Type: text/csv\r\n"
            b"Content-Length: 999999\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
            + ROWS.encode()
        )  # fmt: skip
    assert ask(port, "/v1/tables", ROWS.encode(), "text/csv", token)[0] == 200
    with tracemark.Vault.open(vault) as opened:
        assert opened.verify_ledger().holds


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid"])
def test_where_it_cannot_listen_it_says_so_and_not_that_it_listens(
    vault: Path, port: int, host: str
) -> None:
    told: list[str] = []
    with pytest.raises(tracemark.UsageError, match=f"cannot listen on {host}") as refused:
        service.serve(vault, host, port, ready=lambda port: told.append("listening"))
    assert refused.value.hint and told == []
    assert "while" not in str(refused.value)


def test_it_says_which_port_it_was_given(vault: Path) -> None:
    class Ready(Exception):
        pass

    def ready(port: int) -> None:
        raise Ready(port)

    with pytest.raises(Ready) as caught:
        service.serve(vault, "127.0.0.1", 0, ready=ready)
    assert caught.value.args[0] > 0


def test_it_never_traces(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request("GET", "/openapi.json")
        described = json.loads(connection.getresponse().read())
    assert set(described["paths"]) == {"/v1/health", "/v1/tables", "/v1/texts", "/v1/labels"}


@pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK")
def test_the_java_example(vault: Path, port: int, token: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(ROWS.encode())
    program = Path(__file__).parents[2] / "examples" / "MarkOrders.java"
    address = f"http://127.0.0.1:{port}/v1/tables"
    subprocess.run(
        ["java", str(program), address, "orders.csv", "copy.csv"],
        cwd=tmp_path, env=os.environ | {"TRACEMARK_TOKEN": token}, check=True, timeout=60,
    )  # fmt: skip
    with tracemark.Vault.open(vault) as opened:
        case = opened.trace(tmp_path / "copy.csv")
    assert [one.recipient for one in case.accusations] == ["acct:1"]


def test_tokens_are_kept_as_digests_only(vault: Path, token: str) -> None:
    kept = vault / "tokens.json"
    assert token.split("_", 2)[2] not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/texts", rb'{"text": "\ud800"}', 422),
        ("/v1/texts", b"[" * 100_000, 400),
        ("/v1/texts", b'{"text": "\xff"}', 400),
        ("/v1/labels?dpi=1e999", b"\x89PNG", 400),
        ("/v1/nowhere", b"", 404),
    ],
)
def test_what_cannot_be_read_is_a_problem_as_others_are(
    vault: Path, port: int, token: str, path: str, body: bytes, status: int
) -> None:
    with tracemark.Vault.open(vault) as opened:
        before = sum(1 for _ in opened.ledger_entries())
    kind = "image/png" if "labels" in path else "application/json"
    answered, said, _ = ask(port, path, body, kind, token)
    assert answered == status
    assert json.loads(said).keys() == {"error", "hint"}
    with tracemark.Vault.open(vault) as opened:
        assert sum(1 for _ in opened.ledger_entries()) == before
