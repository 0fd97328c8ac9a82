"""A PKCS#11 token of the test's own, by SoftHSM: Debian's package `softhsm2`."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from tests.left_out import left_out

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
LABEL = "tokens of ours"
PIN = "4711-pin-of-a-test"
CURVES = {
    "ES256": (KeyType.EC, "secp256r1", Mechanism.EC_KEY_PAIR_GEN),
    "ES384": (KeyType.EC, "secp384r1", Mechanism.EC_KEY_PAIR_GEN),
    "P-521": (KeyType.EC, "secp521r1", Mechanism.EC_KEY_PAIR_GEN),
    "EdDSA": (KeyType.EC_EDWARDS, "1.3.101.112", Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
    "Ed448": (KeyType.EC_EDWARDS, "1.3.101.113", Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
}


class SoftHSM:
    """One token in a folder. Keys are made here as an operator makes them, with other tools."""

    def __init__(self, folder: Path) -> None:
        found = [library for library in LIBRARIES if Path(library).is_file()]
        if not found or shutil.which("softhsm2-util") is None:
            left_out("SoftHSM is not installed (Debian: softhsm2)")
        self.module = found[0]
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        # Where the library looks, in this process and in those that it starts.
        os.environ["SOFTHSM2_CONF"] = str(config)
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL]
        command += ["--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True, timeout=30)

    @property
    def options(self) -> dict[str, Any]:
        return {"MODULE": self.module, "TOKEN_LABEL": LABEL, "PIN": PIN}

    def restart(self) -> None:
        """End every session of this process, as an HSM that restarts."""
        pkcs11.lib(self.module).reinitialize()

    def session(self) -> Any:
        """Log in for writing; a context manager."""
        self.restart()
        return pkcs11.lib(self.module).get_token(token_label=LABEL).open(rw=True, user_pin=PIN)

    def make_key(self, label: str, kind: str = "ES256", *, bits: int = 2048) -> None:
        with self.session() as session:
            if kind == "RS256":
                session.generate_keypair(KeyType.RSA, bits, store=True, label=label)
                return
            key_type, curve, mechanism = CURVES[kind]
            parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
            domain = session.create_domain_parameters(key_type, parameters, local=True)
            domain.generate_keypair(mechanism=mechanism, store=True, label=label)

    def remove(self, label: str, kind: ObjectClass) -> None:
        with self.session() as session:
            session.get_key(label=label, object_class=kind).destroy()
