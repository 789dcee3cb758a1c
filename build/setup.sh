#!/bin/bash
# What the Makefile needs before it can work: Debian's packages, the virtual environment, a screen.
set -euo pipefail
cd "$(dirname "$0")/.."

# Qt offscreen, a real X window, and what the tests' screen needs (verified in a bare Debian 12).
PACKAGES="
  python3-venv
  libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libx11-6
  libbrotli1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxcb-xfixes0 libxcb-sync1 libxcb-glx0
  libxkbcommon-x11-0 libx11-xcb1 xvfb xauth fonts-dejavu-core
"

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Installs what is missing as root or through sudo; elsewhere says what to install and goes on.
debian() {
  command -v apt-get >/dev/null || return 0
  local missing=() run=()
  for name in $PACKAGES; do
    # Newer releases call some libraries …t64.
    installed "$name" || installed "${name}t64" || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      run=(sudo)
    else
      echo "These Debian packages are missing, and only root can install them:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      return 0
    fi
  fi
  echo "Installing Debian packages: ${missing[*]}"
  "${run[@]}" apt-get update -q
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# Makes the virtual environment $1 with the interpreter $2 and installs the project into it.
venv() {
  local folder=$1 python=$2
  if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
    echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.11 …" >&2
    exit 1
  fi
  if [ ! -x "$folder/bin/python" ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
      echo "This Python cannot make a virtual environment. Debian: apt-get install python3-venv" >&2
      exit 1
    fi
    "$python" -m venv "$folder"
  fi
  # First and by itself: the build for CPU, where this machine's pip is told of one, is enough.
  "$folder/bin/python" -m pip install -q "$(sed -n 's/^ *"\(torch==[^"]*\)".*/\1/p' pyproject.toml)"
  "$folder/bin/python" -m pip install -q -e '.[dev]'
}

# Installs the model servers that others wrote into build/outside, with the interpreter $1. What cannot
# be had is said; its tests then skip.
outside() {
  local folder=build/outside python=$1
  mkdir -p "$folder"
  if ! { [ -x "$folder/llmock/bin/python" ] || "$python" -m venv "$folder/llmock"; } ||
    ! "$folder/llmock/bin/python" -m pip install -q --disable-pip-version-check "llmock==0.2.2"; then
    echo "llmock cannot be installed here; its tests are left out." >&2
  fi
  if ! command -v npm >/dev/null; then
    echo "npm is not installed here; the tests against aimock are left out." >&2
  elif ! npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel error \
    "@copilotkit/aimock@1.43.0"; then
    echo "aimock cannot be installed here; its tests are left out." >&2
  fi
}

# Fails with a sentence where no window can open.
screen() {
  if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
    echo "There is no screen here (DISPLAY is not set), so no window can open." >&2
    echo "Try: xvfb-run -a make run   or the command line: .venv/bin/rft-studio --help" >&2
    exit 1
  fi
}

"$@"
