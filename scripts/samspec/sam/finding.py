"""A mistake in a project, at its place."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    file: str  # relative to the project
    line: int
    differs: str
    mend: str
    check: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.differs}: {self.mend}"

    def annotation(self) -> str:
        """The finding as GitHub's workflow command, which escapes what would end it."""
        text = (
            f"{self.differs}: {self.mend}".replace("%", "%25")
            .replace("\r", "%0D")
            .replace("\n", "%0A")
        )
        return f"::error file={self.file},line={self.line},title=drift ({self.check})::{text}"
