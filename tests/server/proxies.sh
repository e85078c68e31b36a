#!/bin/bash
# proxies.sh run: private proxies of every kind on loopback, ended when stdin
# ends: tinyproxy for HTTP, stunnel before it for HTTPS, and the SOCKS proxy of
# OpenSSH (4, 4a and 5), which leads through a private sshd.
#
# Prints DIR=, HTTP=, HTTPS=, SOCKS= (ports) and READY. HTTP wants the user
# `relay` with the password `pw1`. The HTTPS proxy shows the good certificate
# of pki.sh at 127.0.0.1, one for another host at 127.0.0.2. What the proxies
# were asked for is in DIR/http.log and DIR/socks.log.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
[ "${1-}" = run ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }

dir=$(mktemp -d /tmp/sqlite-imap.XXXXXX)
pids=()
stop() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	pids=()
}
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

"$here/pki.sh" "$dir/pki"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
# sshd of root wants it to be there; others have no say in it.
if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi

# listens PORT [ADDRESS]: soon, or not at all.
listens() {
	local attempt
	for attempt in {1..400}; do
		if (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; then return; fi
		sleep 0.05
	done
	return 1
}

# Everybody on ports from this one on; fails where one is taken.
start() {
	local http=$1 https=$(($1 + 1)) socks=$(($1 + 2)) ssh=$(($1 + 3)) port
	for port in "$http" "$https" "$socks" "$ssh"; do
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 1; fi
	done
	cat >"$dir/tinyproxy.conf" <<-CONF
		Port $http
		Listen 127.0.0.1
		Timeout 60
		LogFile "$dir/http.log"
		LogLevel Connect
		Allow 127.0.0.1
		BasicAuth relay pw1
	CONF
	cat >"$dir/stunnel.conf" <<-CONF
		foreground = yes
		pid =
		[good]
		accept = 127.0.0.1:$https
		connect = 127.0.0.1:$http
		cert = $dir/pki/good.pem
		key = $dir/pki/good.key
		[wrong]
		accept = 127.0.0.2:$https
		connect = 127.0.0.1:$http
		cert = $dir/pki/wrong.pem
		key = $dir/pki/wrong.key
	CONF
	cat >"$dir/sshd.conf" <<-CONF
		ListenAddress 127.0.0.1
		Port $ssh
		HostKey $dir/host
		AuthorizedKeysFile $dir/user.pub
		PidFile none
		StrictModes no
		UsePAM no
	CONF
	tinyproxy -d -c "$dir/tinyproxy.conf" >/dev/null 2>&1 &
	pids+=($!)
	stunnel "$dir/stunnel.conf" >"$dir/stunnel.log" 2>&1 &
	pids+=($!)
	"$(command -v sshd)" -D -e -f "$dir/sshd.conf" >"$dir/sshd.log" 2>&1 &
	pids+=($!)
	listens "$ssh" || return 1
	ssh -F none -vv -E "$dir/socks.log" -N -D "127.0.0.1:$socks" -p "$ssh" -i "$dir/user" \
		-o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ExitOnForwardFailure=yes 127.0.0.1 </dev/null >/dev/null 2>&1 &
	pids+=($!)
	listens "$http" && listens "$https" && listens "$https" 127.0.0.2 && listens "$socks" || return 1
	printf '%s\n' "DIR=$dir" "HTTP=$http" "HTTPS=$https" "SOCKS=$socks" READY
}

for _ in {1..20}; do
	if start $((26000 + RANDOM % 1000 * 4)); then
		exec >/dev/null
		cat >/dev/null
		exit
	fi
	stop
done
cat "$dir"/*.log >&2
echo 'proxies.sh: the proxies did not start' >&2
exit 1
