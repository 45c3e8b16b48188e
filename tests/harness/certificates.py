"""A self-made certificate authority and a server certificate for localhost, by openssl; and what a daemon shows."""

import os
import ssl
import subprocess
from dataclasses import dataclass

from .raw_client import RawClient


@dataclass
class Certificates:
    ca: str
    certificate: str
    private_key: str


def make_certificates(directory, name="localhost", days=30):
    """Writes ca.crt, server.crt and server.key into the directory."""
    def path(file):
        return os.path.join(directory, file)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    for who, subject in (("ca", "/CN=pgweir test authority"), ("server", f"/CN={name}")):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path(f"{who}.key"))
        openssl("req", "-new", "-key", path(f"{who}.key"), "-subj", subject, "-out", path(f"{who}.csr"))
    with open(path("ca.ext"), "w") as file:
        file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
    with open(path("server.ext"), "w") as file:
        file.write(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", path("ca.csr"), "-signkey", path("ca.key"), "-days", "30",
            "-extfile", path("ca.ext"), "-out", path("ca.crt"))
    openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-days", days, "-extfile", path("server.ext"), "-out", path("server.crt"))
    os.chmod(path("server.key"), 0o600)
    return Certificates(path("ca.crt"), path("server.crt"), path("server.key"))


def der(path):
    with open(path) as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def shown(daemon):
    """The certificate that a client sees, as DER."""
    client = RawClient(daemon.port)
    assert client.request_tls() == b"S"
    client.start_tls()
    certificate = client.sock.getpeercert(binary_form=True)
    client.close()
    return certificate
