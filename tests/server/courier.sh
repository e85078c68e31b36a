#!/bin/bash
# courier.sh run CHROOT USER...: a private Courier on loopback, in the chroot
# that chroot.sh made; stops it when stdin ends. Prints PORT= and READY as
# dovecot.sh does. Each USER has the password pw-USER and an empty INBOX. Needs
# root. One at a time in a chroot: its programs have their paths built in.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
[ "${1-}" = run ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
root=${2:?the chroot}
shift 2

die() {
	echo "courier.sh: $*" >&2
	exit 1
}

exec 8>"$root/in-use"
flock 8
folder=$(mktemp -d "$root/srv/courier.XXXXXX")
inside=${folder#"$root"}
pids=()
stop() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

port=$((19000 + RANDOM % 500 * 2))
id=$(chroot "$root" id -u courier)
group=$(chroot "$root" id -g courier)
: >"$root/etc/courier/userdb"
for user in "$@"; do
	password=$(openssl passwd -6 "pw-$user")
	printf '%s\tuid=%s|gid=%s|home=%s|mail=%s|imappw=%s\n' "$user" "$id" "$group" \
		"$inside/$user" "$inside/$user/Maildir" "$password" >>"$root/etc/courier/userdb"
	mkdir "$folder/$user"
	chroot "$root" maildirmake "$inside/$user/Maildir"
done
chmod 600 "$root/etc/courier/userdb"
chmod 755 "$folder"
chroot "$root" makeuserdb
chroot "$root" chown -R "$id:$group" "$inside"
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' "$root/etc/courier/authdaemonrc"
mkdir -p "$root/run/courier/authdaemon"
(
	set -a
	# shellcheck source=/dev/null
	. "$root/etc/courier/authdaemonrc"
	exec chroot "$root" /usr/lib/courier/courier-authlib/authdaemond
) </dev/null >"$folder/auth.log" 2>&1 &
pids+=($!)
(
	set -a
	# shellcheck source=/dev/null
	. "$root/etc/courier/imapd"
	IMAP_STARTTLS=NO IMAP_TLS_REQUIRED=0 TLS_PROTOCOL=
	exec chroot "$root" /usr/sbin/couriertcpd -address=127.0.0.1 -maxprocs=100 -maxperip=100 \
		-nodnslookup -noidentlookup "$port" /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir
) </dev/null >"$folder/log" 2>&1 &
pids+=($!)
for _ in {1..2000}; do
	if exec 3<>"/dev/tcp/127.0.0.1/$port"; then break; fi 2>/dev/null
	kill -0 "${pids[1]}" 2>/dev/null || die "it did not start: $(cat "$folder/log")"
	sleep 0.05
done
read -r -t 100 -u 3 greeting || die "it does not greet: $(cat "$folder/log")"
exec 3>&-
[[ $greeting == '* OK'* ]] || die "it greets with $greeting"
until [ -S "$root/run/courier/authdaemon/socket" ]; do sleep 0.02; done
printf '%s\n' "PORT=$port" READY
exec >/dev/null
cat >/dev/null
