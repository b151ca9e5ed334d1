"""Which files a customer may hand in: told by what is in them, never by what they are called."""

import re

MOST_FILES = 3
MOST_BYTES = 5 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "pdf", "application/pdf"),
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
)
_UNSAFE = re.compile(r"[^\w .()+-]")


def kind(content: bytes) -> tuple[str, str] | None:
    """Return ``(extension, mimetype)`` of a file by its first bytes; None for what nobody may hand in."""
    return next(((extension, mime) for magic, extension, mime in _KINDS if content.startswith(magic)), None)


def safe_name(name: str, extension: str, number: int) -> str:
    """Return a file name that is harmless wherever it is shown, with the extension the content asks for."""
    stem = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).rpartition(".")[0].strip(" .")[:60]
    return f"{stem or f'file {number}'}.{extension}"
