"""Files that the edges are to obey, as lines of the wire. Each line is made once, however many edges get it."""

from __future__ import annotations

from balancer.adapters.edges.wire import changes_document, files_document, line
from balancer.adapters.haproxy.edge_files import EdgeFiles


class Offer:
    """The line of changes from the offer before, which nearly every edge needs, is made at once, by the thread that
    offers."""

    def __init__(self, files: EdgeFiles, before: Offer | None) -> None:
        self.files = files
        self._lines: dict[str, bytes] = {}
        if before:
            self.line_after(before.files)

    @property
    def name(self) -> str:
        return self.files.name

    def line_after(self, base: EdgeFiles | None) -> bytes:
        """For an edge that was told `base` last on its stream, or nothing yet."""
        key = base.name if base else ""
        if key not in self._lines:
            document = changes_document(self.files, base) if base else files_document(self.files)
            self._lines[key] = line({"files": document})
        return self._lines[key]
