"""A blind part without what its writer's computer put beside the pages, and the text of each page."""

from __future__ import annotations

import io
import multiprocessing

import pypdfium2

from core.faults import Unusable

# pdfium keeps global state; whoever uses it takes this. It is taken in real threads (certs.blocking): on the server
# threading's lock is one of greenlets, and whoever waits for it in a second thread is never woken.
ONE_AT_A_TIME = multiprocessing.Lock()


def stripped(data: bytes) -> tuple[bytes, list[str]]:
    """(the same pages in a new file without document properties, outline and attachments; each page's text).

    Unusable for bytes that are no readable PDF.
    """
    with ONE_AT_A_TIME:
        try:
            return _stripped(data)
        except pypdfium2.PdfiumError as error:  # a single broken page raises it as well as no PDF at all
            raise Unusable(f"not a readable PDF: {error}") from None


def _stripped(data: bytes) -> tuple[bytes, list[str]]:
    with pypdfium2.PdfDocument(data) as source, pypdfium2.PdfDocument.new() as clean:
        clean.import_pages(source)
        texts = [page.get_textpage().get_text_bounded() for page in clean]
        out = io.BytesIO()
        clean.save(out)
    return out.getvalue(), texts
