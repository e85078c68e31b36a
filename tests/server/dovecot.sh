#!/bin/bash
# A private Dovecot (2.3 or 2.4) on loopback, for the demo and the tests.
#
#   dovecot.sh start [SETTING...]   starts one; prints what `run` prints
#   dovecot.sh stop DIR             stops it, waits until it is gone, removes DIR
#   dovecot.sh run [SETTING...]     starts one and stops it when stdin ends, so
#                                   that it never outlives whoever holds the pipe
#
# `start` prints DIR=, PID=, PORT= (plain and STARTTLS), TLS_PORT= and CA= (the
# authority to trust), one a line; the log is DIR/log, the configuration
# DIR/dovecot.conf; the commands of user NAME go to DIR/rawlog/NAME/*.in where
# that folder exists. Every SETTING is a piece of configuration, put last, or
# one of these, which 2.3 and 2.4 spell differently:
#
#   +compress            COMPRESS=DEFLATE is offered
#   +external            client certificates sign in, and nothing else does
#   +introspection URL   access tokens do, as this endpoint says (RFC 7662)
#   +signatures DIR      access tokens do that these keys have signed
#
# DOVECOT_CHROOT names a chroot whose Dovecot is taken in place of the machine's
# (see chroot.sh); its folders are seen from outside under the same names.
#
# The address decides the certificate: 127.0.0.1 and ::1 a good one, 127.0.0.2
# one for another host, 127.0.0.3 an expired one, 127.0.0.4 a self-signed one.
# Every user NAME exists and has the password pw-NAME; but for `dora`, whose
# password holds what IMAP and printf treat specially. Works as root and as any
# other user, and neither needs nor touches a Dovecot service of the machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
	echo "dovecot.sh: $*" >&2
	exit 1
}

# Debian keeps server programs where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin

root=${DOVECOT_CHROOT-}
dovecot() {
	if [ -n "$root" ]; then chroot "$root" dovecot "$@"; else command dovecot "$@"; fi
}

# The configuration, but for what Dovecot 2.4 spells in another way than 2.3.
configure() { # DIR PORT SETTING...
	local dir=$1 port=$2 mail_user mail_group internal_user login_user chroot=''
	shift 2
	if [ "$(id -u)" = 0 ]; then
		# Dovecot gives no mail to root, so root's server keeps it as nobody.
		mail_user=nobody mail_group=nogroup internal_user=dovecot login_user=dovenull
	else
		mail_user=$(id -un) mail_group=$(id -gn) internal_user=$mail_user login_user=$mail_user
		chroot='chroot ='
	fi
	local listen='127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4'
	if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then listen+=', ::1'; fi
	local version=2_4
	if [[ $(dovecot --version) == 2.3.* ]]; then version=2_3; fi
	"spelling_of_$version" "$dir" "$mail_user" "$mail_group"
	cat <<CONF
listen = $listen
base_dir = $dir/run
state_dir = $dir/state
instance_name = sqlite-imap-$port
log_path = $dir/log
default_internal_user = $internal_user
default_internal_group = $(id -gn "$internal_user")
default_login_user = $login_user
first_valid_uid = 0
first_valid_gid = 0

mail_uid = $mail_user
mail_gid = $mail_group
mail_fsync = never
mail_max_userip_connections = 1000
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = create
    special_use = \Sent
  }
}

auth_mechanisms = plain login
auth_username_chars =
auth_failure_delay = 0

ssl = yes

service imap-login {
  $chroot
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = $((port + 1))
    ssl = yes
  }
}
service imap {
  process_limit = 512
}
service auth-worker {
  user = $mail_user
}
service stats {
  $chroot
}
service anvil {
  $chroot
  # Without this, failed logins are slowed down for everyone who comes from the
  # same address, up to 15 s.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
CONF
	local setting
	for setting in "$@"; do
		case $setting in
		# Where Dovecot may read them, whoever made them.
		+signatures*) rm -rf "$dir/keys" && cp -r "${setting#* }" "$dir/keys" && chmod -R a+rX "$dir/keys" ;;&
		+*) "variant_of_$version" "$dir" "$setting" ;;
		*) printf '%s\n' "$setting" ;;
		esac
	done
}

# By a passdb of its own, oauth2 answers for its mechanisms, and the others for
# passwords, as ever.
variant_of_2_3() { # DIR VARIANT
	local oauth2=$1/oauth2.conf
	case $2 in
	+compress) printf '%s\n' 'protocol imap {' '  mail_plugins = imap_zlib' '}' ;;
	+external)
		cat <<CONF
auth_mechanisms = external
ssl_verify_client_cert = yes
ssl_ca = <$1/pki/ca.pem
ssl_require_crl = no
auth_ssl_require_client_cert = yes
auth_ssl_username_from_cert = yes
passdb {
  driver = static
  args = nopassword=y
}
CONF
		;;
	+introspection* | +signatures*)
		cat >"$oauth2" <<CONF
username_attribute = username
scope = imap
CONF
		case $2 in
		+introspection*)
			cat >>"$oauth2" <<CONF
introspection_mode = post
introspection_url = ${2#* }
active_attribute = active
active_value = true
CONF
			;;
		*) printf '%s\n' 'introspection_mode = local' \
			"local_validation_key_dict = fs:posix:prefix=$1/keys/" >>"$oauth2" ;;
		esac
		cat <<CONF
auth_mechanisms = plain xoauth2 oauthbearer
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $oauth2
}
CONF
		;;
	*) die "no variant '$2'" ;;
	esac
}

variant_of_2_4() { # DIR VARIANT
	case $2 in
	+compress) ;; # it is offered anyway
	+external)
		cat <<CONF
auth_mechanisms = external
ssl_server_request_client_cert = yes
ssl_server_ca_file = $1/pki/ca.pem
ssl_server_require_crl = no
auth_ssl_require_client_cert = yes
auth_ssl_username_from_cert = yes
passdb static {
  driver = static
  password =
  fields {
    nopassword = yes
  }
}
CONF
		;;
	+introspection*)
		cat <<CONF
auth_mechanisms = plain xoauth2 oauthbearer
passdb oauth2 {
  driver = oauth2
  mechanisms_filter = xoauth2 oauthbearer
}
oauth2 {
  introspection_mode = post
  introspection_url = ${2#* }
  username_attribute = username
  scope = imap
  active_attribute = active
  active_value = true
}
CONF
		;;
	+signatures*)
		cat <<CONF
auth_mechanisms = plain xoauth2 oauthbearer
passdb oauth2 {
  driver = oauth2
  mechanisms_filter = xoauth2 oauthbearer
}
oauth2 {
  introspection_mode = local
  username_attribute = username
  scope = imap
  oauth2_local_validation {
    dict fs {
      fs posix {
        prefix = $1/keys/
      }
    }
  }
}
CONF
		;;
	*) die "no variant '$2'" ;;
	esac
}

spelling_of_2_3() { # DIR MAIL-USER MAIL-GROUP
	local dir=$1 mail_user=$2 mail_group=$3
	cat <<CONF
protocols = imap
mail_location = sdbox:$dir/mail/%u
# What a session said goes to a file there, for the users who have the folder.
protocol imap {
  rawlog_dir = $dir/rawlog/%u
}
disable_plaintext_auth = no
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $dir/passwd
}
passdb {
  driver = static
  args = password=pw-%u
}
userdb {
  driver = static
  args = allow_all_users=yes uid=$mail_user gid=$mail_group home=$dir/mail/%u
}
ssl_cert = <$dir/pki/good.pem
ssl_key = <$dir/pki/good.key
local 127.0.0.2 {
  ssl_cert = <$dir/pki/wrong.pem
  ssl_key = <$dir/pki/wrong.key
}
local 127.0.0.3 {
  ssl_cert = <$dir/pki/expired.pem
}
local 127.0.0.4 {
  ssl_cert = <$dir/pki/selfsigned.pem
  ssl_key = <$dir/pki/selfsigned.key
}
CONF
}

spelling_of_2_4() { # DIR MAIL-USER MAIL-GROUP
	local dir=$1 mail_user=$2 mail_group=$3
	cat <<CONF
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
mail_driver = sdbox
mail_path = $dir/mail/%{user}
# What a session said goes to a file there, for the users who have the folder.
protocol imap {
  rawlog_dir = $dir/rawlog/%{user}
}
auth_allow_cleartext = yes
passdb passwd-file {
  driver = passwd-file
  passwd_file_path = $dir/passwd
}
passdb static {
  driver = static
  password = pw-%{user}
}
userdb static {
  driver = static
  static_allow_all_users = yes
  fields {
    uid = $mail_user
    gid = $mail_group
    home = $dir/mail/%{user}
  }
}
ssl_server_cert_file = $dir/pki/good.pem
ssl_server_key_file = $dir/pki/good.key
local 127.0.0.2 {
  ssl_server_cert_file = $dir/pki/wrong.pem
  ssl_server_key_file = $dir/pki/wrong.key
}
local 127.0.0.3 {
  ssl_server_cert_file = $dir/pki/expired.pem
}
local 127.0.0.4 {
  ssl_server_cert_file = $dir/pki/selfsigned.pem
  ssl_server_key_file = $dir/pki/selfsigned.key
}
CONF
}

start() {
	id -un >/dev/null 2>&1 || die "user $(id -u) has no name, and Dovecot goes by names"
	dovecot --version >/dev/null 2>&1 || die 'dovecot is not installed (Debian: apt-get install dovecot-imapd)'
	local dir port attempt
	# Not under TMPDIR or the project: Unix sockets allow 107 bytes of path, and
	# the server's unprivileged processes must get there from a root's shell too.
	dir=$(mktemp -d "$root/tmp/sqlite-imap.XXXXXX")
	chmod 755 "$dir"
	if [ -n "$root" ]; then
		ln -s "$dir" "${dir#"$root"}"
		dir=${dir#"$root"}
	fi
	"$here/pki.sh" "$dir/pki"
	chmod 755 "$dir/pki"
	chmod 644 "$dir/pki/ca.pem"
	mkdir "$dir/mail" "$dir/rawlog" "$dir/run" "$dir/state"
	if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$dir/mail" "$dir/rawlog"; fi
	printf '%s\n' 'dora:{PLAIN}p\ä"ss %s%n {3} w*%:::::' >"$dir/passwd"
	for attempt in {1..50}; do
		# Below the ports the kernel gives to clients, and apart from those of the
		# scripts beside this one. Dovecot itself finds out
		# whether they are free; it returns once it listens.
		port=$((20000 + RANDOM % 3000 * 2))
		configure "$dir" "$port" "$@" >"$dir/dovecot.conf"
		if dovecot -c "$dir/dovecot.conf" </dev/null >"$dir/start" 2>&1; then
			# It listens, but the process that goes on may not have said who it is.
			until [ -s "$dir/run/master.pid" ]; do sleep 0.01; done
			printf '%s\n' "DIR=$dir" "PID=$(cat "$dir/run/master.pid")" "PORT=$port" \
				"TLS_PORT=$((port + 1))" "CA=$dir/pki/ca.pem"
			return
		fi
		grep -q 'Address already in use' "$dir/start" "$dir/log" 2>/dev/null || break
		: >"$dir/log"
	done
	cat "$dir/start" >&2
	rm -rf "$root$dir" "$dir"
	die 'dovecot did not start'
}

stop() {
	local dir=$1 pid
	if pid=$(cat "$dir/run/master.pid" 2>/dev/null); then
		kill "$pid" 2>/dev/null || true
		for _ in {1..2000}; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		if kill -0 "$pid" 2>/dev/null; then die "dovecot (process $pid) does not end"; fi
	fi
	rm -rf "$root$dir" "$dir"
}

run() {
	local started
	started=$(start "$@")
	# Expanded now: the trap runs where the function's variables are gone.
	trap "stop '$(sed -n 's/^DIR=//p' <<<"$started")'" EXIT
	trap 'exit 1' HUP INT TERM
	printf '%s\n' "$started" READY
	# Whoever waits for the end of our output needs no more of it.
	exec >/dev/null
	cat >/dev/null
}

case ${1-} in
start | run) "$@" ;;
stop) stop "${2:?the DIR that start printed}" ;;
*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
