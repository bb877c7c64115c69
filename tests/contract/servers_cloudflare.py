"""Starts our stand-in for Cloudflare behind the proxy that misbehaves; with a validator of the
public API description between them, where that and the description are present."""

import contextlib
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "end_to_end/support"))

from loopback import free_port, running  # noqa: E402


def shared():
    """The folder of the shared API description, or None."""
    folder = pathlib.Path(os.environ.get("RAMPART_SHARED") or SOURCE.parent / "shared")
    schema = folder / "data/cloudflare-dns-openapi-subset.json"
    return schema if schema.is_file() else None


def node_tools():
    """Where ./run-tests --all installs npm packages; they are used wherever they are found."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return pathlib.Path(os.environ.get("RAMPART_NODE_TOOLS") or cache / "rampart/node")


def prism():
    """The validator's command, or None."""
    command = node_tools() / "node_modules/.bin/prism"
    return command if command.exists() else None


@contextlib.contextmanager
def fake(folder):
    """The stand-in alone; its port."""
    port = free_port()
    with running([sys.executable, HERE / "cloudflare_fake.py", port], port, folder / "fake.log"):
        yield port


@contextlib.contextmanager
def validated(folder, port):
    """The port of a validator in front of `port`; what breaks the API's description is an error."""
    front = free_port()
    description = folder / "description.json"
    # The service takes "." for a null MX, which the description's format does not.
    description.write_text(shared().read_text().replace('"format": "hostname",', "")
                           .replace('"format":"hostname",', ""))
    command = [prism(), "proxy", "--errors", "-h", "127.0.0.1", "-p", front, description,
               f"http://127.0.0.1:{port}/client/v4"]
    with running(command, front, folder / "prism.log"):
        yield front


@contextlib.contextmanager
def proxied(folder, port, url):
    """The environment of the backend, with the proxy in front of `port`."""
    listen, control = free_port(), free_port()
    command = [sys.executable, HERE / "proxy.py", "http", listen, port, control]
    with running(command, control, folder / "proxy.log"):
        yield {"RAMPART_CONTRACT_URL": f"http://127.0.0.1:{listen}{url}",
               "RAMPART_CONTRACT_CONTROL": str(control)}


@contextlib.contextmanager
def start(folder):
    """The stand-in behind the proxy."""
    with fake(folder) as port, proxied(folder, port, "/client/v4") as environment:
        yield {**environment, "RAMPART_CONTRACT_SIDE_DOOR": f"http://127.0.0.1:{port}/control"}


@contextlib.contextmanager
def start_validated(folder):
    """The stand-in behind the validator, behind the proxy."""
    if not prism():
        raise unittest.SkipTest("prism is not installed (./run-tests --all does that)")
    if not shared():
        raise unittest.SkipTest("the API's description is not beside the source tree")
    with fake(folder) as port, validated(folder, port) as front, \
            proxied(folder, front, "") as environment:
        yield {**environment, "RAMPART_CONTRACT_VALIDATED": "1",
               "RAMPART_CONTRACT_SIDE_DOOR": f"http://127.0.0.1:{port}/control"}
