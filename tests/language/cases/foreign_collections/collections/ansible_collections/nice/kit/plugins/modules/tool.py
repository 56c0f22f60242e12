from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nice.kit.plugins.module_utils.before import WORD

from ..module_utils.inner import WORD as SAME


def main():
    module = AnsibleModule(argument_spec={"say": {"default": "none"}, "times": {"type": "int"}})
    module.exit_json(said=module.params["say"], times=module.params["times"], words=[WORD, SAME])


if __name__ == "__main__":
    main()
