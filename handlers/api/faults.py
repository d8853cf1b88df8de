"""What is wrong with a part of a request, bounded."""

from api.errors import Fault

LISTED = 50  # faults that are told; those after them are only counted
REMEMBERED = 100_000  # results of checks, at most
COUNTED = 250_000  # of those; then the check ends, because 6 MB can have millions
LONGEST = 200  # characters of a field or detail that are told


class Faults:
    """The faults of one part of a request: the first ones, and how many more there are."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.listed: list[Fault] = []
        self.more = 0
        # Whether a value fits a schema, by their identities: without it, a deep value of a schema
        # that is composed of itself would take exponential time.
        self.memory: dict[tuple[int, int], bool] = {}

    def add(self, field: str, detail: str) -> None:
        if len(self.listed) < LISTED:
            self.listed.append(Fault(self._place, _short(field), _short(detail)))
        elif self.more < COUNTED:
            self.more += 1
        else:
            raise TooMany


class TooMany(Exception): ...


class Mismatch(Exception): ...


class Trial(Faults):
    """Ends at the first fault."""

    def __init__(self, memory: dict[tuple[int, int], bool]) -> None:
        self.memory = memory

    def add(self, field: str, detail: str) -> None:
        raise Mismatch


def joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
