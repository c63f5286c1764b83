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


def directives(headers: dict[str, str]) -> dict[str, list[str]]:
    policy = headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize(
    "request_", [{}, {"method": "DELETE"}, {"host": "evil.example"}, {"path": "/artifacts/1/abc"}]
)
def test_every_answer_has_one_policy_that_names_no_other_host(request_: dict[str, str]) -> None:
    _, headers, _ = ask(**request_)
    assert headers.keys() >= {"Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"}
    found = directives(headers)
    assert found["frame-ancestors"] == ["'none'"]
    sources = {source for name in found if name.endswith("-src") for source in found[name]}
    assert sources <= {"'self'", "'none'", "'unsafe-eval'", "'unsafe-inline'", "data:", "blob:"}
    assert found["default-src"] in (["'self'"], ["'none'"])
    assert "'unsafe-inline'" not in found.get("script-src", [])


def test_the_application_s_own_policy_does_not_count() -> None:
    said: list[Any] = []

    def lax(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("content-security-policy", "default-src *")])
        return []

    environment = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "localhost"}
    list(Guard(lax, ("localhost",))(environment, lambda *answer: said.extend(answer)))
    assert [name.lower() for name, _ in said[1]].count("content-security-policy") == 1
    assert "*" not in dict(said[1])["Content-Security-Policy"]


def test_a_file_runs_no_script() -> None:
    _, headers, _ = ask(path="/artifacts/1/abc")
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
