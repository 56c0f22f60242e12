"""Puts a text into a file."""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.words import WORD


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "text": {"default": "none"},
            "end": {
                "default": "exit",
                "choices": ["exit", "fail", "raise", "rc", "skip", "silent"],
            },
            "token": {"no_log": True},
        },
        supports_check_mode=True,
    )
    path, text = module.params["path"], module.params["text"] + "\n"
    if module.params["end"] == "fail":
        module.fail_json(msg="as told", why=[1, {"a": None}])
    if module.params["end"] == "raise":
        raise RuntimeError("as told")
    if module.params["end"] == "rc":
        module.exit_json(rc=3, stderr="x\ny")
    if module.params["end"] == "skip":
        module.exit_json(skipped=True)
    if module.params["end"] == "silent":
        return
    before = ""
    if os.path.exists(path):
        with open(path) as stream:
            before = stream.read()
    if before != text and not module.check_mode:
        with open(path, "w") as stream:
            stream.write(text)
    module.exit_json(
        changed=before != text,
        word=WORD,
        before=before,
        checked=module.check_mode,
        token=module.params["token"] is not None,
        stdout="a\nb",
        environment=os.environ.get("SAID"),
        ansible_facts={"text_before": before, "ansible_connection": "none"},
    )


if __name__ == "__main__":
    main()
