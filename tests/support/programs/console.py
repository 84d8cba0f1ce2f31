"""Stands in for a console script of the Python software that start_manager of that software starts.

    console.py obedient|ignorant [--kwargs JSON] ...

The first reads --kwargs and nothing else, as scripts there do; the second reads nothing at all.
"""
import json
import socket
import sys

words = sys.argv[2:]
kwargs = json.loads(words[words.index("--kwargs") + 1]) if "--kwargs" in words else {}
if sys.argv[1] == "ignorant":
    kwargs = {"disable_tls": True}
listener = socket.create_server(("127.0.0.1", kwargs.get("port", 0)))
port = listener.getsockname()[1]
print(f"Network Manager running on lab-pc:{port} (TLS {'DISABLED' if kwargs.get('disable_tls') else 'ENABLED'})", flush=True)
while True:
    peer, _ = listener.accept()
    attribute = "password" if kwargs.get("auth_password") else "identity"
    question = dict(attribute=attribute, args=["Manager[lab-pc:1]"], kwargs={}, requester="Manager[lab-pc:1]", uid="", error=False)
    peer.sendall(json.dumps(question).encode() + b"\r\n")
    peer.close()
