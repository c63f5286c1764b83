"""Other processes of the same search, as the process that makes the search sees them."""

from typing import Protocol


class Helpers(Protocol):
    """Processes that join the search."""

    def tend(self) -> None:
        """Start them; later, see to those that died. Called often."""

    def stop(self) -> None:
        """End them; what they were measuring is given up."""
