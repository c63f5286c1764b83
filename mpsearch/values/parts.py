"""Jobs of several parts, of which one may fail while the others are done."""

from collections.abc import Iterator
from contextlib import contextmanager

from mpsearch.values.errors import EnvironmentFault, MPSearchError


class Parts:
    """Keeps the errors of parts until all parts had their turn.

    Attributes:
        failed: Name of a part → what went wrong.
    """

    def __init__(self) -> None:
        self.failed: dict[str, MPSearchError] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Hold back an error that says what the user can do; the next part has its turn."""
        try:
            yield
        except MPSearchError as error:
            self.failed[name] = error

    def raise_failed(self) -> None:
        """Raise what went wrong, if anything did.

        Raises:
            MPSearchError: The one error, or one that says all of them.
        """
        errors = list(self.failed.values())
        if not errors:
            return
        if len(errors) == 1:
            raise errors[0]
        said = "; ".join(f"{name}: {error}" for name, error in self.failed.items())
        machine = [error for error in errors if isinstance(error, EnvironmentFault)]
        raise type((machine or errors)[0])(said)
