"""Language cases: run by ansible-core once and recorded, run by kplay on every test run."""
