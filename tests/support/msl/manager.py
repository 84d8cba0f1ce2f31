"""Stands in for the Manager of the MSL-Network package, with the standard library alone.

    manager.py [--auth-hostname | --auth-login | --auth-password WORD...] [--disable-tls]
               [--host HOST] [--port PORT]

It is ours, and sends what the Python software was recorded to send (`tests/fixtures`). It uses the
files of a home folder as that does: the key and the certificate by the host, which it makes with
OpenSSL if they are missing, and `manager.sqlite3` with the tables of Python alone.
"""
import argparse
import asyncio
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import traceback
from datetime import datetime

HOME = pathlib.Path(os.environ.get("MSL_NETWORK_HOME") or pathlib.Path.home() / ".msl" / "network")
HOSTNAME = socket.gethostname()
LOOPBACK = ["1.0.0.127.in-addr.arpa", "1" + ".0" * 31 + ".ip6.arpa", "127.0.0.1", "::1", "localhost", HOSTNAME]
SUBJECT = f"""[subject]
C=NZ
ST=Wellington
L=Lower Hutt
O=Measurement Standards Laboratory of New Zealand
CN={HOSTNAME}
emailAddress=info@measurement.govt.nz"""
TABLES = """
CREATE TABLE IF NOT EXISTS connections (pid INTEGER PRIMARY KEY AUTOINCREMENT, datetime DATETIME NOT NULL,
  ip_address TEXT NOT NULL, domain TEXT NOT NULL, port INTEGER NOT NULL, message TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS auth_hostnames (hostname TEXT NOT NULL, UNIQUE(hostname));
CREATE TABLE IF NOT EXISTS auth_users (pid INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL,
  key BLOB NOT NULL, salt BLOB NOT NULL, is_admin BOOLEAN NOT NULL, UNIQUE(username));
"""


class Database:
    def __init__(self, path):
        self._connection = sqlite3.connect(path, timeout=60)
        self._connection.executescript(TABLES)
        if not self.column("SELECT hostname FROM auth_hostnames"):
            for name in LOOPBACK:
                self.change("INSERT OR IGNORE INTO auth_hostnames VALUES (?)", name)

    def change(self, statement, *values):
        with self._connection:
            self._connection.execute(statement, values)

    def column(self, statement, *values):
        return [row[0] for row in self._connection.execute(statement, values)]

    def record(self, peer, message):
        self.change("INSERT INTO connections VALUES (NULL, ?, ?, ?, ?, ?)",
                    datetime.now().isoformat(timespec="seconds"), peer.ip_address, peer.domain, peer.port, message)


class UsersTable:
    def __init__(self, database):
        self._database = database

    def usernames(self):
        return self._database.column("SELECT username FROM auth_users ORDER BY pid")

    def users(self):
        return [[username, self.is_admin(username)] for username in self.usernames()]

    def is_user_registered(self, username):
        return username in self.usernames()

    def is_admin(self, username):
        return self._database.column("SELECT is_admin FROM auth_users WHERE username = ?", username) == [1]

    def is_password_valid(self, username, password):
        keys = self._database.column("SELECT key FROM auth_users WHERE username = ?", username)
        salts = self._database.column("SELECT salt FROM auth_users WHERE username = ?", username)
        return keys == [derive(password, salt) for salt in salts] != []

    def insert(self, username, password, is_admin):
        salt = os.urandom(16)
        self._database.change("INSERT INTO auth_users VALUES (NULL, ?, ?, ?, ?)",
                              username, derive(password, salt), salt, bool(is_admin))

    def delete(self, username):
        self._database.change("DELETE FROM auth_users WHERE username = ?", username)


def derive(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 100000, 32)


class Refusal(Exception):
    """An error that the Python software words itself: its class name is part of the text."""


class Peer:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.ip_address, self.port = writer.get_extra_info("peername")[:2]
        self.domain = HOSTNAME if self.ip_address in LOOPBACK else socket.getfqdn(self.ip_address).split(".")[0]
        self.address = f"{self.domain}:{self.port}"
        self.network_name = self.address
        self.is_admin = False

    def write(self, **message):
        self.writer.write(encode(dict(sorted(message.items()))))

    async def line(self):
        """The next line without its terminator, or `None` at the end of the connection."""
        line = (await self.reader.readline()).decode()
        return line.rstrip("\r\n") if line else None


def encode(message):
    return json.dumps(message, ensure_ascii=False).encode() + b"\r\n"


class Manager:
    identity_of_class = {"identity": "() -> dict", "link": "(service: str) -> bool"}
    language, os = "Python 3.11.2", "Linux x86_64"

    def __init__(self, options):
        self._options = options
        self._database = Database(HOME / "manager.sqlite3")
        self.users_table = UsersTable(self._database)
        self._peers, self._clients, self._services = set(), {}, {}
        self._links, self._locks = {}, {}
        self.shut_down = asyncio.Event()

    async def run(self):
        context = None if self._options.disable_tls else secure_context(self._options.host)
        limit = sys.maxsize  # lines of any length
        server = await asyncio.start_server(
            self._serve, self._options.host, self._options.port, ssl=context, limit=limit)
        self.port = server.sockets[0].getsockname()[1]
        self.hostname = HOSTNAME
        self.network_name = f"Manager[{HOSTNAME}:{self.port}]"
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self.shut_down.set)
        tls = "DISABLED" if context is None else "ENABLED"
        print(f"Network Manager running on {self._options.host or HOSTNAME}:{self.port} (TLS {tls})", flush=True)
        await self.shut_down.wait()
        server.close()
        for peer in self._peers:
            peer.writer.close()

    async def _serve(self, reader, writer):
        peer = Peer(reader, writer)
        self._peers.add(peer)
        try:
            self._database.record(peer, "new connection request")
            await self._introduce(peer)
            while (line := await peer.line()) is not None:
                if await self._receive(peer, line) == "disconnect":
                    break
        except Refusal as refusal:
            self._fail(peer, self.network_name, "", str(refusal), [])
        except (ConnectionError, ssl.SSLError, UnicodeDecodeError):
            pass
        except Exception:
            traceback.print_exc()  # the Python software has no answer either
        self._leave(peer)
        writer.close()

    async def _ask(self, peer, attribute, *args):
        peer.write(args=args, attribute=attribute, error=False, kwargs={}, requester=self.network_name, uid="")
        line = await peer.line()
        if line is None:
            self._database.record(peer, f"connection closed before receiving the {attribute}")
            raise ConnectionAbortedError
        try:
            return json.loads(line)["result"]
        except ValueError:
            return line

    async def _login(self, peer):
        username = await self._ask(peer, "username", self.network_name)
        if not self.users_table.is_user_registered(username):
            self._database.record(peer, "rejected: unregistered user")
            raise Refusal("ValueError: Unregistered user")
        password = await self._ask(peer, "password", username)
        if not self.users_table.is_password_valid(username, password):
            self._database.record(peer, "rejected: wrong login password")
            raise Refusal("ValueError: Wrong login password")
        return self.users_table.is_admin(username)

    async def _introduce(self, peer):
        if self._options.auth_password is not None:
            if await self._ask(peer, "password", self.network_name) != self._options.auth_password:
                self._database.record(peer, "rejected: wrong Manager password")
                raise Refusal("ValueError: Wrong Manager password")
        elif self._options.auth_login:
            peer.is_admin = await self._login(peer)
        elif self._options.auth_hostname:
            if peer.domain not in self._database.column("SELECT hostname FROM auth_hostnames"):
                self._database.record(peer, "rejected: untrusted hostname")
                raise Refusal(f"ValueError: {peer.domain!r} is not a trusted hostname")
        try:
            self._register(peer, await self._ask(peer, "identity"))
        except (KeyError, TypeError, NameError) as error:
            self._database.record(peer, "rejected: invalid identity")
            raise Refusal(f"{type(error).__name__}: {error}") from error

    def _register(self, peer, identity):
        kind, name = identity["type"].lower(), identity["name"]
        entry = {"name": name, "address": peer.address, "language": identity.get("language", "unknown"),
                 "os": identity.get("os", "unknown")}
        peer.network_name = f"{name}[{peer.address}]"
        if kind == "client":
            self._clients[peer.network_name] = (peer, entry)
        elif kind == "service":
            if name in self._services:
                raise NameError(f"A {name!r} service is already running on the Manager")
            del entry["name"]
            entry = {"attributes": identity["attributes"], **entry, "max_clients": identity.get("max_clients", -1)}
            self._services[name] = (peer, entry)
            self._links[name], self._locks[name] = {}, {}
        else:
            raise TypeError(f'Unknown connection type {kind!r}. Must be "client" or "service"')
        self._database.record(peer, f"connected as a {kind}")
        print(f"{name} connected as a {kind}", file=sys.stderr, flush=True)

    def _leave(self, peer):
        self._peers.discard(peer)
        if self._clients.pop(peer.network_name, None):
            self._database.record(peer, "disconnected")
        for name in [name for name, (it, _) in self._services.items() if it is peer]:
            del self._services[name], self._links[name], self._locks[name]
            self._database.record(peer, "disconnected")
        for of_service in (*self._links.values(), *self._locks.values()):
            of_service.pop(peer.network_name, None)

    def _fail(self, peer, requester, uid, message, lines):
        peer.write(error=True, message=message, requester=requester, result=None, traceback=lines, uid=uid)

    async def _receive(self, peer, line):
        message = json.loads(line)
        if message.get("attribute") == "__disconnect__":
            return "disconnect"
        if message.get("uid") == "notification":
            for client in self._links[message["service"]].values():
                client.write(**message)
        elif "attribute" not in message:
            client, _ = self._clients.get(message["requester"], (None, None))
            if client is not None:
                client.write(**message)
        elif message["service"] == "Manager":
            await self._answer(peer, message)
        elif message["service"] in self._services:
            service, _ = self._services[message["service"]]
            service.writer.write(encode({**message, "requester": peer.network_name}))
        else:
            text = f"the {message['service']!r} Service is not connected to {self.network_name}"
            self._fail_with(peer, "", KeyError(text))
        await peer.writer.drain()

    def _fail_with(self, peer, uid, error):
        text = f"{type(error).__name__}: {error}"
        self._fail(peer, peer.network_name, uid, text, ["Traceback (most recent call last):", text])

    async def _answer(self, peer, request):
        uid, attribute = request["uid"], request["attribute"]
        try:
            if attribute in ("identity", "link", "unlink", "acquire_lock", "release_lock"):
                result = getattr(self, f"_{attribute}")(peer, *request["args"], **request["kwargs"])
            else:
                uid = ""
                if not peer.is_admin:
                    peer.is_admin = await self._login(peer)
                if not peer.is_admin:
                    raise Refusal("ValueError: You must be an administrator to send this request to the Manager")
                if attribute == "shutdown_manager":
                    return self.shut_down.set()
                member = self
                for name in attribute.split("."):
                    member = getattr(member, name)
                result = member(*request["args"], **request["kwargs"]) if callable(member) else member
            peer.write(error=False, requester=peer.network_name, result=result, uid=uid)
        except Refusal as refusal:
            self._fail(peer, peer.network_name, uid, str(refusal), [])
        except Exception as error:
            self._fail_with(peer, uid, error)

    def _identity(self, peer):
        return {"hostname": self.hostname, "port": self.port, "attributes": self.identity_of_class,
                "language": self.language, "os": self.os,
                "clients": {name: entry for name, (_, entry) in self._clients.items()},
                "services": {name: entry for name, (_, entry) in self._services.items()}}

    def _listing(self, name):
        return "\nThe linked Clients are:\n  " + "\n  ".join(sorted(self._links[name]))

    def _link(self, peer, name):
        if name not in self._services:
            raise KeyError(f"the {name!r} service does not exist, cannot link with {peer.network_name}")
        _, entry = self._services[name]
        if peer.network_name not in self._links[name]:
            if self._locks[name]:
                raise Refusal(f"PermissionError: {name!r} service is locked")
            if 0 < entry["max_clients"] <= len(self._links[name]):
                raise Refusal(f"PermissionError: The maximum number of Clients are already linked with {name!r}"
                              + self._listing(name))
        self._links[name][peer.network_name] = peer
        return entry

    def _unlink(self, peer, name):
        if name in self._services:
            if self._links[name].pop(peer.network_name, None) is None:
                raise KeyError(f"cannot unlink {peer.network_name}, it was not linked with {name!r}")
            self._locks[name].pop(peer.network_name, None)
        return True

    def _acquire_lock(self, peer, name, shared=False):
        who = peer.network_name
        if name not in self._services:
            raise KeyError(f"{name!r} service does not exist, {who} cannot acquire a lock")
        if who not in self._links[name]:
            raise Refusal(f"PermissionError: {who} cannot acquire a lock because it is not linked with the {name!r} service")
        if not shared and len(self._links[name]) > 1:
            raise Refusal(f"PermissionError: {who} cannot acquire an exclusive lock, there are "
                          f"{len(self._links[name])} links with the {name!r} service" + self._listing(name))
        self._locks[name][who] = True
        return list(self._links[name])

    def _release_lock(self, peer, name):
        if name not in self._services:
            raise KeyError(f"{name!r} service does not exist, {peer.network_name} cannot release the lock")
        self._locks[name].pop(peer.network_name, None)
        return list(self._locks[name])


def secure_context(host):
    """With the key and the certificate of the host, which are made if they are missing."""
    name = re.sub(r'[<>:"/\\|?*]', "_", host or "localhost")
    key, certificate = HOME / "keys" / f"{name}.key", HOME / "certs" / f"{name}.crt"
    if not key.exists():
        key.parent.mkdir(exist_ok=True)
        openssl("genrsa", "-traditional", "-out", key, "2048")
    if not certificate.exists():
        certificate.parent.mkdir(exist_ok=True)
        names = f"subjectAltName=DNS:{HOSTNAME},DNS:localhost,IP:127.0.0.1"
        openssl("req", "-x509", "-key", key, "-out", certificate, "-days", "36525", "-config", "/dev/stdin",
                settings=f"[req]\ndistinguished_name=subject\nx509_extensions=v3\nprompt=no\n{SUBJECT}\n[v3]\n{names}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def openssl(*args, settings=""):
    subprocess.run(["openssl", *map(str, args)], input=settings.encode(), check=True, capture_output=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--auth-hostname", action="store_true")
    parser.add_argument("--auth-login", action="store_true")
    parser.add_argument("-P", "--auth-password", nargs="+", type=str)
    parser.add_argument("--disable-tls", action="store_true")
    parser.add_argument("-H", "--host")
    parser.add_argument("-p", "--port", type=int, default=1875)
    options = parser.parse_args()
    options.auth_password = options.auth_password and " ".join(options.auth_password)
    HOME.mkdir(parents=True, exist_ok=True)
    asyncio.run(Manager(options).run())
