#!/bin/bash
# cyrus.sh run CHROOT USER...: a private Cyrus on loopback, in the chroot that
# chroot.sh made; stops it when stdin ends. Prints PORT= and READY as dovecot.sh
# does. Each USER has the password pw-USER and an empty INBOX. Needs root.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
[ "${1-}" = run ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
root=${2:?the chroot}
shift 2

die() {
	echo "cyrus.sh: $*" >&2
	exit 1
}

folder=$(mktemp -d "$root/srv/cyrus.XXXXXX")
inside=${folder#"$root"}
pid=
stop() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

port=$((32000 + RANDOM % 380 * 2))
cat >"$folder/imapd.conf" <<CONF
configdirectory: $inside/config
proc_path: $inside/proc
mboxname_lockpath: $inside/lock
defaultpartition: default
partition-default: $inside/mail
servername: localhost
autocreate_quota: 0
altnamespace: no
unixhierarchysep: no
hashimapspool: no
skiplist_unsafe: yes
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $inside/sasldb2
idlesocket: $inside/idle
lmtpsocket: $inside/lmtp
notifysocket: $inside/notify
CONF
cat >"$folder/cyrus.conf" <<CONF
START {
	recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C $inside/imapd.conf -r"
}
SERVICES {
	imap cmd="/usr/lib/cyrus/bin/imapd -C $inside/imapd.conf" listen="127.0.0.1:$port" prefork=1
}
EVENTS {
}
CONF
mkdir "$folder/config" "$folder/mail" "$folder/proc" "$folder/lock" "$folder/config/db" "$folder/config/socket"
for user in "$@"; do
	printf 'pw-%s' "$user" | chroot "$root" saslpasswd2 -p -c -f "$inside/sasldb2" -u localhost "$user"
done
chmod 755 "$folder"
chroot "$root" chown -R cyrus:mail "$inside"
chroot "$root" /usr/lib/cyrus/bin/master -C "$inside/imapd.conf" -M "$inside/cyrus.conf" \
	-p "$inside/pid" </dev/null >"$folder/log" 2>&1 &
pid=$!
for _ in {1..2000}; do
	if exec 3<>"/dev/tcp/127.0.0.1/$port"; then break; fi 2>/dev/null
	kill -0 "$pid" 2>/dev/null || die "it did not start: $(cat "$folder/log")"
	sleep 0.05
done
read -r -t 100 -u 3 greeting || die "it does not greet: $(cat "$folder/log")"
exec 3>&-
[[ $greeting == '* OK'* ]] || die "it greets with $greeting"
printf '%s\n' "PORT=$port" READY
exec >/dev/null
cat >/dev/null
