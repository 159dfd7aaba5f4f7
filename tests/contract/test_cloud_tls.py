"""The clients' way of production, over TLS, to the fake Google Cloud."""

import asyncio
import os
import sys
from pathlib import Path

import grpc
import pytest
import trustme

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud

ASK = """
import asyncio, sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

async def main():
    client = run_v2.ServicesAsyncClient(
        credentials=AnonymousCredentials(), client_options={"api_endpoint": sys.argv[1]}
    )
    pager = await client.list_services(parent=sys.argv[2], retry=None, timeout=10)
    print(len([each async for each in pager]))

asyncio.run(main())
"""


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_official_client_speaks_tls_as_in_production(tmp_path: Path, trusted: bool) -> None:
    """An authority that it does not know is refused. In a process of its own: gRPC reads its roots once."""
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    credentials = grpc.ssl_server_credentials(
        [(certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())]
    )
    roots = tmp_path / "roots.pem"
    (authority if trusted else stranger).cert_pem.write_to_path(str(roots))
    async with FakeCloud(credentials=credentials) as cloud:
        port = cloud.grpc_address.rpartition(":")[2]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ASK, f"localhost:{port}", baseline.PARENT,
            env={**os.environ, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(roots)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, complaint = await asyncio.wait_for(process.communicate(), 90)
    if trusted:
        assert out.decode().strip() == "0", complaint.decode()[-500:]
    else:
        assert process.returncode != 0
        assert "ServiceUnavailable" in complaint.decode()
