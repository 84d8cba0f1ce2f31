"""Stands in for the MSL-Network package: Client, Link and Service, with the standard library alone.

It is ours, and behaves as the Python software was observed to: a thread reads with a blocking
`readline()`, and what it does with a line, and at the end of the connection, is the same. So is what
it does badly: a Client whose reader dies tells nobody, and a Service notes each request in
`self.request`, whoever sent it.
"""
import inspect
import json
import logging
import queue
import socket
import ssl
import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Union

log = logging.getLogger("msl.network")


class Device:
    """What a Client and a Service share: the connection, and the answers to the Manager."""

    def _connect(self, host="localhost", port=1875, timeout=10, username=None, password=None,
                 password_manager=None, disable_tls=False, cert_file=None, source_address=None):
        self._credentials = (username, password, password_manager)
        self._refusal = None
        self._introduced = threading.Event()
        self._ended = threading.Event()
        connection = socket.create_connection((host, port), timeout, source_address=source_address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not disable_tls:
            context = ssl.create_default_context(cafile=cert_file)
            connection = context.wrap_socket(connection, server_hostname=host)
        connection.settimeout(None)
        host, port = connection.getsockname()[:2]
        self.network_name = f"{self.name}[{host}:{port}]"
        self._stream = connection.makefile("rb")
        self._socket = connection
        self._writes = queue.Queue()
        for target in (self._read, self._write):
            threading.Thread(target=target, daemon=True).start()
        self._introduced.wait(timeout)
        if self._refusal is not None:
            raise ConnectionError(self._refusal)

    def _send(self, **message):
        """Queues a message, with the keys in the order in which Python sends them."""
        text = json.dumps(dict(sorted(message.items())), ensure_ascii=False, default=to_json)
        self._writes.put(text.encode() + b"\r\n")

    def _write(self):
        while (line := self._writes.get()) is not None:
            try:
                self._socket.sendall(line)
            except OSError:
                return

    def _read_line(self):
        try:
            return self._stream.readline()
        except OSError:
            return b""  # the connection was reset

    def _close(self):
        """The end of the connection: no line is written any more, and the handler is called."""
        self._writes.put(None)
        self._introduced.set()
        self._socket.close()
        self._ended.set()
        self.shutdown_handler()

    def shutdown_handler(self, exc=None):
        """Called when the connection has ended."""

    def _answer_manager(self, message):
        """Answers a question of the handshake, or of the login of an administrator."""
        username, password, password_manager = self._credentials
        about = message["args"][0] if message["args"] else ""
        is_for_manager = message["attribute"] == "password" and about.startswith("Manager[")
        answers = {
            "username": lambda: username,
            "password": lambda: password_manager if is_for_manager else password,
            "identity": self.identity,
        }
        self._send(error=False, requester=self._requester, result=answers[message["attribute"]](), uid="")
        if message["attribute"] == "identity":
            self._introduced.set()

    _requester = None


class Client(Device):
    def __init__(self, name="Client", **options):
        self.name = name
        self._futures = {}
        self._leaving = set()
        self._links = {}
        self._latest = None
        self._connected = True
        self._connect(**options)

    def identity(self):
        return {"type": "client", "name": self.name, "language": "Python 3.11.2", "os": "Linux x86_64"}

    def is_connected(self):
        return self._connected

    def identities(self):
        return self.request("Manager", "identity")

    def link(self, service):
        entry = self.request("Manager", "link", service)
        return self._links.setdefault(service, Link(self, service, entry))

    def admin_request(self, attribute, *args, **kwargs):
        return self.request("Manager", attribute, *args, **kwargs)

    def disconnect(self):
        """Returns when the connection has ended."""
        if self._connected:
            self._submit(self.network_name, "__disconnect__", (), {}, is_leaving=True).result()

    def request(self, service, attribute, *args, asynchronous=False, timeout=None, **kwargs):
        is_leaving = attribute in ("shutdown_manager",)
        future = self._submit(service, attribute, args, kwargs, is_leaving)
        return future if asynchronous else future.result(timeout)

    def _submit(self, service, attribute, args, kwargs, is_leaving=False):
        uid, future = str(uuid.uuid4()), Future()
        self._futures[uid] = future
        self._latest = uid
        if is_leaving:
            self._leaving.add(uid)
        self._send(args=args, attribute=attribute, error=False, kwargs=kwargs, service=service, uid=uid)
        return future

    def _read(self):
        while line := self._read_line():
            self._receive(json.loads(line))  # its error ends the thread, and nobody is told
        self._connected = False
        self._close()
        for uid, future in list(self._futures.items()):
            if uid in self._leaving:
                future.set_result(None)
            else:
                future.set_exception(ConnectionAbortedError("The connection to the Manager has ended"))
        self._futures.clear()

    def _receive(self, message):
        uid = message["uid"]
        if message["error"]:
            if not self._introduced.is_set():
                self._refusal = message["message"]
            uid = uid if uid in self._futures else self._latest
            if uid in self._futures:
                self._futures.pop(uid).set_exception(RuntimeError(message["message"]))
        elif "attribute" in message:
            self._answer_manager(message)
        elif uid == "notification":
            link = self._links.get(message["service"])
            if link is not None:
                args, kwargs = message["result"]
                link.notification_handler(*args, **kwargs)
        else:
            uid = uid or self._latest
            assert uid in self._futures, f"an answer to no request: {uid}"
            self._futures.pop(uid).set_result(message["result"])


class Link:
    """Calls a Service."""

    def __init__(self, client, service, entry):
        self._client = client
        self.service_name = service
        self.service_attributes = entry["attributes"]
        self.service_max_clients = entry["max_clients"]

    def notification_handler(self, *args, **kwargs):
        """Assignable."""

    def acquire_lock(self, shared=False):
        return self._client.request("Manager", "acquire_lock", self.service_name, shared=shared)

    def release_lock(self):
        return self._client.request("Manager", "release_lock", self.service_name)

    def unlink(self):
        self._client._links.pop(self.service_name, None)
        return self._client.request("Manager", "unlink", self.service_name)

    def __getattr__(self, attribute):
        return lambda *args, **kwargs: self._client.request(self.service_name, attribute, *args, **kwargs)


class Service(Device):
    def __init__(self, name=None, max_clients=-1, ignore_attributes=()):
        self.name = name or type(self).__name__
        self.max_clients = max_clients
        self.request = None
        self._ignored = set(dir(Service)) | {"name", "max_clients", "request", "network_name", *ignore_attributes}
        self._ignored.discard("set_logging_level")

    def start(self, **options):
        """Returns when the connection has ended."""
        self._executor = ThreadPoolExecutor()
        self._connect(**options)
        self._ended.wait()

    def identity(self):
        names = [name for name in dir(self) if not name.startswith("_") and name not in self._ignored]
        members = {name: getattr(self, name) for name in names}
        attributes = {name: str(inspect.signature(it)) if callable(it) else it for name, it in members.items()}
        return {"type": "service", "name": self.name, "attributes": attributes, "max_clients": self.max_clients,
                "language": "Python 3.11.2", "os": "Linux x86_64"}

    def emit_notification(self, *args, **kwargs):
        self._send(error=False, result=[args, kwargs], service=self.name, uid="notification")

    def set_logging_level(self, level: Union[str, int]) -> bool:
        if isinstance(level, str):
            level = int(level) if level.isdecimal() else level.upper()
        try:
            log.setLevel(logging.NOTSET if level is None else level)
        except (TypeError, ValueError):
            return False
        return True

    def _read(self):
        while line := self._read_line():
            try:
                message = json.loads(line)
            except ValueError as error:
                log.critical("%s: %r", error, line)
                continue
            self._receive(message)
        self._executor.shutdown(wait=False)
        self._close()

    def _receive(self, message):
        if message["error"]:
            if not self._introduced.is_set():
                self._refusal = message["message"]
            log.error(message["message"])
        elif not self._introduced.is_set():
            self._answer_manager(message)
        else:
            self._serve(message)

    def _serve(self, request):
        reply = dict(requester=request["requester"], uid=request["uid"])
        attribute = request["attribute"]
        if attribute.startswith("_"):
            log.warning("%s requested the private attribute %r", request["requester"], attribute)
            return self._fail(PermissionError("Cannot request a private attribute"), reply)
        try:
            member = getattr(self, attribute)
        except AttributeError as error:
            log.error("%s: %s", request["requester"], error)
            return self._fail(error, reply)
        self.request = request
        if not callable(member):
            return self._send(error=False, result=member, **reply)
        running = self._executor.submit(self._call, member, request, reply)
        if attribute == "shutdown_service":
            threading.Thread(target=self._leave, args=(running,), daemon=True).start()

    def _call(self, member, request, reply):
        try:
            self._send(error=False, result=member(*request["args"], **request["kwargs"]), **reply)
        except Exception as error:
            log.error("%s: %s", type(error).__name__, error)
            self._fail(error, reply)

    def _fail(self, error, reply):
        message = f"{type(error).__name__}: {error}"
        self._send(error=True, message=message, traceback=["File x"], result=None, **reply)

    def _leave(self, running):
        running.result()
        self._executor.shutdown(wait=True)
        self._send(args=(), attribute="__disconnect__", error=False, kwargs={}, service=self.network_name, uid="")


def connect(**options):
    return Client(**options)


def to_json(value):
    if hasattr(value, "to_json"):
        return value.to_json()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
