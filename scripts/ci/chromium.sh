#!/usr/bin/env bash
# Chromium for the tests marked browser, from Debian's packages, where there is none yet.
set -euo pipefail
if command -v chromium >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "no chromium, and no way to install it here: tests marked browser need it" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
