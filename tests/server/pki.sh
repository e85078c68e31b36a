#!/bin/bash
# pki.sh DIR: throw-away certificates for a server on loopback.
#
#   ca.pem                        the authority to trust (the ca_file option)
#   good.pem, good.key            for localhost, ::1, 127.0.0.1, .3 and .4
#   wrong.pem, wrong.key          by the same authority, for another host
#   expired.pem, good.key         as good.pem, but over since 2021
#   namesake.pem                  another authority of the same name
#   selfsigned.pem, selfsigned.key  as good.pem, but by nobody but itself
#   client.pem, client.key        by the same authority, for the client `ada`
#
# Elliptic-curve keys, because every test server makes its own set and RSA keys
# would take most of its start.
set -euo pipefail
umask 077
mkdir -p "$1"
cd "$1"

ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
loopback='DNS:localhost,IP:::1,IP:127.0.0.1,IP:127.0.0.3,IP:127.0.0.4'

# request NAME COMMON-NAME: a key and a request to sign.
request() {
	openssl req "${ec[@]}" -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>>openssl.log
}

# extensions NAMES: what a server certificate for these names may do.
extensions() {
	printf '%s\n' 'basicConstraints=CA:FALSE' 'keyUsage=digitalSignature' \
		'extendedKeyUsage=serverAuth' "subjectAltName=$1"
}

# authority NAME: a certificate that signs others.
authority() {
	openssl req -x509 "${ec[@]}" -keyout "$1.key" -out "$1.pem" -days 3650 \
		-subj '/CN=sqlite-imap test authority' -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>>openssl.log
}
authority ca
authority namesake
openssl req -x509 "${ec[@]}" -keyout selfsigned.key -out selfsigned.pem -days 3650 -subj '/CN=localhost' \
	-addext "subjectAltName=$loopback" 2>>openssl.log

# sign NAME NAMES
sign() {
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
		-extfile <(extensions "$2") -out "$1.pem" 2>>openssl.log
}
request good localhost
sign good "$loopback"
request wrong other.example
sign wrong DNS:other.example

request client ada
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
	-extfile <(printf 'extendedKeyUsage=clientAuth\n') -out client.pem 2>>openssl.log

# Only `openssl ca` takes a start date; `x509 -days -1` would give a validity
# that ends before it begins, which clients refuse for another reason.
mkdir database
: >database/index.txt
cat >ca.cnf <<CNF
[ca]
default_ca = authority
[authority]
database = database/index.txt
new_certs_dir = database
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
$(extensions "$loopback")
CNF
openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in good.csr -out expired.pem \
	-startdate 20200101000000Z -enddate 20210101000000Z 2>>openssl.log
