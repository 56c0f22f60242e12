"""Has no check mode."""

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={"path": {"type": "path"}})
open(module.params["path"], "a").close()
module.exit_json(changed=True)
