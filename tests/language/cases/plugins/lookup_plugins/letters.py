from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: letters
short_description: the letters of words
options:
  _terms: {description: words, required: true}
  upper: {description: capital letters, type: bool, default: false}
"""


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        found = [letter for term in terms for letter in term]
        return [one.upper() for one in found] if self.get_option("upper") else found
