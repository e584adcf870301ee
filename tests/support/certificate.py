"""A throw-away certificate for servers on loopback."""

import subprocess
from pathlib import Path


def self_signed(directory: Path, host: str = "localhost") -> tuple[Path, Path]:
    """Certificate and key, PEM, for `host` and 127.0.0.1; signed by nobody but itself."""
    certificate, key = directory / "tls.crt", directory / "tls.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", str(key), "-out", str(certificate), "-days", "3", "-subj", f"/CN={host}",
            "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key
