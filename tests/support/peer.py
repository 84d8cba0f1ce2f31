"""A Python client and a Python service, standard library only, as foreign peers for the tests.

    peer.py client HOST PORT [CERT]   calls Echo and Lab, prints one JSON line per answer
    peer.py service HOST PORT [CERT]  offers add, fail and notify until it is shut down
    peer.py multimeter HOST PORT [CERT]  offers a class whose methods are annotated
    peer.py visitor HOST PORT [CERT]  connects as a client and leaves, prints how that went
    peer.py administrator HOST PORT [CERT]  asks for the users, then shuts the Manager down

It answers questions for a username or password with $USERNAME and $PASSWORD, and connects from
$SOURCE_ADDRESS if that is set.
"""
import inspect
import json
import os
import sys
from typing import Any, Dict, List, Literal, Optional, Tuple, Union

from wire import Wire

role, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
source = (os.environ["SOURCE_ADDRESS"], 0) if "SOURCE_ADDRESS" in os.environ else None
wire = Wire(host, port, sys.argv[4] if len(sys.argv) > 4 else None, source)
send, receive = wire.send, wire.receive


def after_login():
    """The next message that is not a question for a username or password, which it answers."""
    while (question := receive()) and question.get("attribute") in ("username", "password"):
        wire.answer(question, os.environ[question["attribute"].upper()])
    return question


def introduce(**identity):
    question = after_login()
    if question["error"]:
        sys.exit(question["message"])
    assert question["attribute"] == "identity", question
    identity.update(language="Python", os="Linux")
    wire.answer(question, identity)


def client():
    introduce(type="client", name="python")

    def call(service, attribute, *args, **kwargs):
        send(args=args, attribute=attribute, error=False, kwargs=kwargs, service=service, uid=attribute)
        answer = receive()
        print(json.dumps([answer["uid"], answer.get("message"), answer["result"]]), flush=True)

    call("Manager", "acquire_lock", "Lab", shared=False)
    send(args=["Lab"], attribute="link", error=False, kwargs={}, service="Manager", uid="link")
    entry = receive()
    if entry["error"]:
        sys.exit(entry["message"])
    assert entry["result"]["attributes"]["add"] == "(x, y)"
    call("Lab", "add", 1, y=2)
    call("Lab", "add", "Ω", "µ")
    call("Lab", "add", 1)
    call("Lab", "add", float("nan"), 1)
    call("Nothing", "add", 1)
    send(service="Manager", attribute="__disconnect__", args=[], kwargs={}, uid="", error=False)
    assert receive() is None


def service():
    introduce(type="service", name="Python Lab", attributes={"add": "(x, y)"}, max_clients=-1)
    while (request := receive()) is not None:
        reply = dict(requester=request["requester"], uid=request["uid"], error=False)
        if request["attribute"] == "add":
            send(result=sum(request["args"]) + sum(request["kwargs"].values()), **reply)
        elif request["attribute"] == "numbers":
            send(result=[float("nan"), float("inf"), -float("inf"), 2**60], **reply)
        elif request["attribute"] == "notify":
            send(error=False, result=[request["args"], {"unit": "Ω"}], service="Python Lab", uid="notification")
            send(result=True, **reply)
        elif request["attribute"] == "shutdown_service":
            send(result="bye", **reply)
            send(service="Python Lab", attribute="__disconnect__")
        else:
            reply.update(error=True, message="ValueError: The value is < 0", traceback=["File x"])
            send(result=None, **reply)


class Multimeter:
    ranges = [0.1, 1, 10]
    model = "3458A"

    def __init__(self):
        self.settings: Dict[str, Any] = {}

    def measure(self, channel: int, unit: Literal["V", "mV"] = "V") -> Dict[str, float]:
        return {unit: channel * (1.5 if unit == "V" else 1500)}

    def configure(self, channel: int, *, range: Optional[float] = None, label: str = "a, b)") -> List[Union[int, str]]:
        return [channel, f"{range} {label}"]

    def limits(self, channels: "list[int]", default=object()) -> Tuple[float, Optional[float]]:
        return (min(channels), None)

    def anything(self, *args, **kwargs):
        return [args, kwargs]


def multimeter():
    dmm = Multimeter()
    members = inspect.getmembers(dmm, lambda member: not inspect.isbuiltin(member))
    attributes = {
        name: str(inspect.signature(member)) if callable(member) else member
        for name, member in members if not name.startswith("_")
    }
    introduce(type="service", name="Python DMM", attributes=attributes, max_clients=1)
    while (request := receive()) is not None:
        member = getattr(dmm, request["attribute"])
        result = member(*request["args"], **request["kwargs"]) if callable(member) else member
        send(result=result, requester=request["requester"], uid=request["uid"], error=False)


def visitor():
    introduce(type="client", name="visitor")
    send(args=[], attribute="identity", error=False, kwargs={}, service="Manager", uid="1")
    print(*receive()["result"]["clients"], flush=True)


def administrator():
    introduce(type="client", name="administrator")
    for attribute in ("users_table.users", "shutdown_manager"):
        send(args=[], attribute=attribute, error=False, kwargs={}, service="Manager", uid=attribute)
        answer = after_login()
        print(json.dumps(answer and [answer["uid"], answer.get("message"), answer["result"]]))


roles = dict(client=client, service=service, multimeter=multimeter, visitor=visitor, administrator=administrator)
roles[role]()
