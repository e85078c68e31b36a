#!/bin/bash
# chroot.sh cyrus|courier DIR: makes DIR/cyrus or DIR/courier, a small Debian
# with that server in it, unless it is there already; prints its path.
#
# Debian's packages of IMAP servers exclude each other, so each gets a Debian of
# its own. It comes from where the machine's own apt gets its packages: mirrors,
# keys and proxy are asked of apt at run time. Needs root, for chroot(2).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
name=${1:?cyrus or courier}
place=${2:?a folder for it}

die() {
	echo "chroot.sh: $*" >&2
	exit 1
}

case $name in
cyrus) packages=cyrus-imapd,sasl2-bin,libsasl2-modules ;;
courier) packages=courier-imap,courier-authlib-userdb ;;
*) die "no server '$name'; cyrus or courier" ;;
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
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		sort -u | sed 's/^/deb /' >"$place/$name.list"
	[ -s "$place/$name.list" ] || die 'apt knows no Debian packages; run apt-get update'
	echo "chroot.sh: making $place/$name, once" >&2
	mmdebstrap --quiet --mode=root --variant=apt --include="$packages" --aptopt="$place/$name.apt" \
		"$suite" "$place/$name" "$place/$name.list" >&2 || die "cannot make a chroot for $name"
	touch "$place/$name/made"
fi
echo "$place/$name"
