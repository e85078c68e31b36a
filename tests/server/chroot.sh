#!/bin/bash
# chroot.sh cyrus|courier|dovecot DIR: makes DIR/cyrus and so on, a small Debian
# with that server in it, unless it is there already; prints its path.
#
# Debian's packages of IMAP servers exclude each other, so each gets a Debian of
# its own; Dovecot gets a later one than the machine may have, with Dovecot 2.4,
# which is configured in other words than 2.3 (see DOVECOT_CHROOT in
# dovecot.sh). It comes from where the machine's own apt gets its packages: mirrors,
# keys and proxy are asked of apt at run time. Needs root, for chroot(2).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
name=${1:?cyrus, courier or dovecot}
place=${2:?a folder for it}

die() {
	echo "chroot.sh: $*" >&2
	exit 1
}

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
later() { cat; }
case $name in
cyrus) packages=cyrus-imapd,sasl2-bin,libsasl2-modules ;;
courier) packages=courier-imap,courier-authlib-userdb ;;
dovecot)
	packages=dovecot-imapd
	# The archive of the next release, without its updates.
	if [ "$suite" = bookworm ]; then
		suite=trixie
		later() { sed -n 's/ bookworm / trixie /p'; }
	fi
	;;
*) die "no server '$name'; cyrus, courier or dovecot" ;;
esac

mkdir -p "$place"
place=$(cd "$place" && pwd)
# One at a time: two test runs share what one of them makes.
exec 9>"$place/$name.lock"
flock 9
if [ ! -e "$place/$name/made" ]; then
	[ "$(id -u)" = 0 ] || die "a chroot for $name needs root; run it as root"
	command -v mmdebstrap >/dev/null || die 'mmdebstrap is not installed (Debian: apt-get install mmdebstrap)'
	rm -rf "${place:?}/$name"
	{ apt-config dump Acquire::http && apt-config dump Acquire::https; } >"$place/$name.apt"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		sort -u | sed 's/^/deb /' | later >"$place/$name.list"
	[ -s "$place/$name.list" ] || die 'apt knows no Debian packages; run apt-get update'
	echo "chroot.sh: making $place/$name, once" >&2
	mmdebstrap --quiet --mode=root --variant=apt --include="$packages" --aptopt="$place/$name.apt" \
		"$suite" "$place/$name" "$place/$name.list" >&2 || die "cannot make a chroot for $name"
	touch "$place/$name/made"
fi
echo "$place/$name"
