"""A server of somebody who waits to be connected to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Listener:
    """Listens on 127.0.0.1, counts who comes, and hangs up."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.visitors = 0
        self._thread = threading.Thread(target=self._listen)

    def _listen(self) -> None:
        while True:
            visitor, _ = self._socket.accept()
            with visitor:
                if visitor.recv(3) == b"END":
                    return
            self.visitors += 1

    @contextmanager
    def listening(self) -> Iterator["Listener"]:
        """While it listens."""
        self._thread.start()
        try:
            yield self
        finally:
            self.counted()
            self._socket.close()

    def counted(self) -> int:
        """How many came; it listens no longer."""
        if self._thread.is_alive():
            with socket.create_connection(("127.0.0.1", self.port)) as last:
                last.sendall(b"END")
            self._thread.join()
        return self.visitors
