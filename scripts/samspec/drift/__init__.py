"""What the definition decides, checked against everything else that says it.

One module per group of rules. `findings` is the interface for other tools, such as the console
page after an edit: it costs what `samspec drift` costs, less the start of a process.
"""

from pathlib import Path

from samspec.sam.finding import Finding


def findings(root: Path) -> list[Finding]:
    """The findings of the project in a folder, sorted by place; waived ones left out.

    Raises ProjectError if the folder has no template, or a file that cannot be read.
    """
    from samspec.drift.checks import run

    return run(root).findings
