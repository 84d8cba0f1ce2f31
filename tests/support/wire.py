"""The wire as a device sees it that is written in Python with nothing but its standard library."""
import json
import socket
import ssl


class Wire:
    """A connection to a Manager, with TLS if there is a certificate to trust."""

    def __init__(self, host, port, cert_file=None, source_address=None):
        raw = socket.create_connection((host, port), source_address=source_address)
        if cert_file is not None:
            context = ssl.create_default_context(cafile=cert_file)
            raw = context.wrap_socket(raw, server_hostname=host)
        self._stream = raw.makefile("rwb")

    def send(self, **message):
        self._stream.write(json.dumps(message, ensure_ascii=False).encode() + b"\r\n")
        self._stream.flush()

    def receive(self):
        """The next message, None at the end."""
        line = self._stream.readline()
        return json.loads(line) if line else None

    def answer(self, question, result):
        self.send(error=False, requester=question["requester"], result=result, uid=question["uid"])
