"""
Runs the cells of a notebook with the kernel Deno. Reads a list of cells as JSON, each with its code and
whether it shows something, and prints a list of their outputs.
"""

import json
import sys

from jupyter_client.manager import start_new_kernel


def run_cell(client, code, shows):
    request = client.execute(code, allow_stdin=False)
    printed, failed, is_idle = [], [], False
    # The kernel may send a result after it has said that it is idle again.
    while not is_idle or (shows and not printed and not failed):
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            is_idle = content["execution_state"] == "idle"
        elif kind == "stream":
            printed.append(content["text"])
        elif kind in ("execute_result", "display_data"):
            printed.append(content["data"].get("image/svg+xml") or content["data"]["text/plain"])
        elif kind == "error":
            failed.append(content["evalue"])
    return {"printed": "".join(printed), "failed": failed}


manager, client = start_new_kernel(kernel_name="deno")
try:
    print(json.dumps([run_cell(client, **cell) for cell in json.loads(sys.argv[1])]))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
