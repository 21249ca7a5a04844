"""Signatures without a program: keys are names, and a signature says what it is over."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scanner.errors import RefusedError
from scanner.remediation.signature import Signer


class MemoryKeys:
    """Fulfils Signatures; ``allowed`` maps a key's fingerprint to the names it may sign under."""

    def __init__(self, allowed: dict[str, tuple[str, ...]]) -> None:
        self.allowed = allowed

    def sign(self, content: bytes, key: Path, namespace: str) -> bytes:
        return f"SHA256:{key.name} {namespace} {hashlib.sha256(content).hexdigest()}".encode()

    def fingerprint(self, content: bytes, signature: bytes, namespace: str) -> str:
        found = signature.decode().split(" ")
        if found[1:] != [namespace, hashlib.sha256(content).hexdigest()]:
            raise RefusedError("a signature is not one of exactly these bytes")
        return found[0]

    def signer(self, content: bytes, signature: bytes, namespace: str, allowed: Path) -> Signer:
        found = self.fingerprint(content, signature, namespace)
        if found not in self.allowed:
            raise RefusedError(f"{allowed} does not name the key")
        return Signer(found, self.allowed[found])
