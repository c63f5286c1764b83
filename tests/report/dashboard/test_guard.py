"""Only reading, only by a name of this machine."""

from collections.abc import Iterable
from typing import Any

import pytest

from mpsearch.report.dashboard.guard import Guard


def application(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/x"), ("Access-Control-Allow-Origin", "*")])
    return [b"let through"]


def ask(method: str = "GET", host: str | None = "127.0.0.1:8080", path: str = "/") -> Any:
    """Status, headers and body."""
    environment = {"REQUEST_METHOD": method, "PATH_INFO": path}
    if host is not None:
        environment["HTTP_HOST"] = host
    said: list[Any] = []
    guard = Guard(application, ("127.0.0.1", "localhost"))
    body = b"".join(guard(environment, lambda *answer: said.extend(answer)))
    return said[0], dict(said[1]), body


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:9", "LOCALHOST"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_is_let_through(method: str, host: str) -> None:
    status, headers, body = ask(method, host)
    assert (status, body) == ("200 OK", b"let through")
    assert "Access-Control-Allow-Origin" not in headers  # nobody else's page reads us
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH", "OPTIONS", "get", ""])
def test_everything_else_is_refused(method: str) -> None:
    status, headers, body = ask(method)
    assert status.startswith("405")
    assert headers["Allow"] == "GET, HEAD"
    assert body != b"let through"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::1]:8080", "", None]
)
def test_another_name_of_the_host_is_refused(host: str | None) -> None:
    status, _, body = ask(host=host)
    assert status.startswith("403")
    assert body != b"let through"


def test_a_file_runs_no_script() -> None:
    _, headers, _ = ask(path="/artifacts/1/abc")
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "Content-Security-Policy" not in ask(path="/dashboard")[1]
