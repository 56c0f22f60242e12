from ansible.module_utils.basic import AnsibleModule

AnsibleModule(argument_spec={"x": {"type": "int", "default": 1}}).exit_json(where="role")
