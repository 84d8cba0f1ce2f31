"""Stands in for the MSL-Network package, as far as an example needs it: connect, link and call.

It is ours, and speaks the wire as docs/protocol.md has it.
"""
from wire import Wire


def connect(name="Client", host="localhost", port=1875, disable_tls=False, cert_file=None):
    return Client(name, Wire(host, port, None if disable_tls else cert_file))


class Client:
    def __init__(self, name, wire):
        self._wire = wire
        self._count = 0
        question = wire.receive()
        assert question["attribute"] == "identity", question
        wire.answer(question, {"type": "client", "name": name, "language": "Python", "os": "Linux"})

    def link(self, service):
        self._request("Manager", "link", (service,), {})
        return Link(self, service)

    def disconnect(self):
        self._send("Manager", "__disconnect__", (), {}, "")
        assert self._wire.receive() is None

    def _request(self, service, attribute, args, kwargs):
        self._count += 1
        self._send(service, attribute, args, kwargs, str(self._count))
        # Nobody asks for anything else meanwhile, so any other message is one too many.
        answer = self._wire.receive()
        assert answer["uid"] == str(self._count), answer
        if answer["error"]:
            raise RuntimeError(answer["message"])
        return answer["result"]

    def _send(self, service, attribute, args, kwargs, uid):
        self._wire.send(args=args, attribute=attribute, error=False, kwargs=kwargs, service=service, uid=uid)


class Link:
    def __init__(self, client, service):
        self._client = client
        self._service = service

    def __getattr__(self, attribute):
        return lambda *args, **kwargs: self._client._request(self._service, attribute, args, kwargs)
