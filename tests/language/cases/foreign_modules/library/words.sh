#!/bin/sh
. "$1"
if [ "$say" = fail ]; then
    echo '{"failed": true, "msg": "as told"}'
    exit 1
fi
echo "a stray line"
printf '{"changed": true, "said": "%s", "debug": "%s"}\n' "$say" "$_ansible_debug"
