"""Who may ask the dashboard for what."""

from collections.abc import Callable, Iterable
from typing import Any, Final

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]

_READING: Final = ("GET", "HEAD")
#: Of every answer: a study's notes, names and figures load nothing from anywhere else. Plotly
#: compiles its WebGL (eval), styles what it draws in place, and makes pictures of figures (blob).
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
#: A file of the study opens as if it came from nowhere: it runs no script and asks for nothing.
_SANDBOX: Final = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
_REPLACED: Final = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
)


class Guard:
    """Lets through what reads and comes by a name of this machine.

    The dashboard knows no passwords, and one request would delete a study. A foreign
    page that reaches it by a name of its own (DNS rebinding) is recognized by the Host header.

    Args:
        application: The dashboard, as WSGI has it.
        hosts: Names and addresses it is known by.
    """

    def __init__(self, application: Application, hosts: Iterable[str]) -> None:
        self._application = application
        self._hosts = frozenset(hosts)

    def __call__(
        self, environment: Environment, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        is_file = environment.get("PATH_INFO", "").startswith("/artifacts/")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # Files are for pages of ours alone.
            kept = [
                (name, value)
                for name, value in headers
                if not name.lower().startswith("access-control-") and name.lower() not in _REPLACED
            ]
            return start_response(status, [*kept, *_protection(is_file)], *rest)

        if _host(environment.get("HTTP_HOST", "")) not in self._hosts:
            return _refuse(start, "403 Forbidden", "this is not the name of this machine")
        if environment["REQUEST_METHOD"] not in _READING:
            reason = "this dashboard only reads"
            return _refuse(start, "405 Method Not Allowed", reason, ("Allow", "GET, HEAD"))
        return self._application(environment, start)


def _protection(is_file: bool) -> list[tuple[str, str]]:
    """Headers of every answer."""
    return [
        ("Content-Security-Policy", _SANDBOX if is_file else _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("X-DNS-Prefetch-Control", "off"),  # links are not looked up before they are followed
    ]


def _host(header: str) -> str:
    """Without the port."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()


def _refuse(
    start_response: Callable[..., Any], status: str, reason: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    text = reason.encode()
    head = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
    start_response(status, [*head, *headers])
    return [text]
