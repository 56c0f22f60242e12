#!/usr/bin/env python3
import sys

assert sys.argv[1] == "--vault-id"
sys.stdout.write({"dev": "password of dev", "prod": "password of prod"}[sys.argv[2]])
