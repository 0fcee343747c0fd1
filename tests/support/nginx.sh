#!/bin/sh
# A private nginx: serves a folder over plain HTTP, over TLS with HTTP/2, and over HTTP/3 if it can, until standard
# input ends.
#
#	nginx.sh FOLDER ROOT HTTP TLS EXPIRED WRONG_HOST SELF_SIGNED HTTP3 HTTP3_ONLY HTTP3_SHORT
#
# FOLDER is empty and takes everything that belongs to the server (FOLDER/ca.pem is the authority to trust);
# ROOT is what it serves; the rest are free ports of 127.0.0.1. Says "http3" if it has HTTP/3, and "ready" when it
# answers.
set -eu

folder=$1 root=$2 http=$3 tls=$4 expired=$5 wrong_host=$6 self_signed=$7 http3=$8
shift
http3_only=$8
shift
http3_short=$8
here=$(dirname "$0")
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin

need() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed; on Debian: apt-get install $2" >&2
	exit 3
}

# key_and_request NAME SUBJECT
key_and_request() {
	openssl req -config "$here/openssl.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.csr" -subj "/CN=$2"
}

# signed NAME SUBJECT EXTENSIONS FROM TO
signed() {
	key_and_request "$1" "$2"
	openssl ca -config "$here/openssl.cnf" -batch -notext -extensions "$3" -startdate "$4" -enddate "$5" \
		-in "$1.csr" -out "$1.pem"
}

make_certificates() {
	: >index.txt
	key_and_request ca "areq test authority"
	openssl x509 -req -in ca.csr -signkey ca.key -days 30 -extfile "$here/openssl.cnf" -extensions authority \
		-out ca.pem
	key_and_request self-signed localhost
	openssl x509 -req -in self-signed.csr -signkey self-signed.key -days 30 -extfile "$here/openssl.cnf" \
		-extensions loopback -out self-signed.pem
	signed good localhost loopback 20200101000000Z 20491231235959Z
	signed expired localhost loopback 20200101000000Z 20200201000000Z
	signed wrong-host other.example elsewhere 20200101000000Z 20491231235959Z
}

need nginx nginx-light
need openssl openssl
here=$(cd "$here" && pwd)
root=$(cd "$root" && pwd)
cd "$folder"
make_certificates >openssl.log 2>&1 || {
	cat openssl.log >&2
	exit 3
}
mkdir temp
sed -e "s|@FOLDER@|$folder|g" -e "s|@ROOT@|$root|g" -e "s|@HTTP@|$http|g" -e "s|@TLS@|$tls|g" \
	-e "s|@EXPIRED@|$expired|g" -e "s|@WRONG_HOST@|$wrong_host|g" -e "s|@SELF_SIGNED@|$self_signed|g" \
	-e "s|@HTTP3@|$http3|g" -e "s|@HTTP3_ONLY@|$http3_only|g" -e "s|@HTTP3_SHORT@|$http3_short|g" \
	"$here/nginx.conf.in" >nginx.conf
if nginx -V 2>&1 | grep -q http_v3_module; then
	echo http3
else
	sed -i '/# begin HTTP\/3/,/# end HTTP\/3/d' nginx.conf
fi
nginx -p "$folder" -c "$folder/nginx.conf" </dev/null >start.log 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid || :' EXIT
trap 'exit 1' INT TERM

# It has opened its ports once it has written its pid.
tries=0
until [ -s nginx.pid ]; do
	if ! kill -0 $pid 2>/dev/null || [ $tries -ge 500 ]; then
		cat start.log >&2
		exit 4
	fi
	tries=$((tries + 1))
	sleep 0.02
done
echo ready
while read -r _; do :; done
