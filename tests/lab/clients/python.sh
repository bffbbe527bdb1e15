#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# requests, httpx and aiohttp, which accept gzip in each request: ranges, resumed downloads and whole files are correct,
# with a FILE.gz beside FILE, also if it is a bgzip file, and over TLS.
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../http/tls.sh
. "$LIB/tls.sh"

need_module requests python3-requests
need_cmd gzip
make_file big.bin 3000000
perl -e 'print "line $_ of a file that can be compressed\n" for 1 .. 100000' >"$ROOT/coded.txt"
cp "$ROOT/coded.txt" "$ROOT/ref.fa"
split -b 65280 --filter=gzip "$ROOT/ref.fa" >"$ROOT/ref.fa.gz" # a gzip file with several members, like those of bgzip
gzip -k "$ROOT/coded.txt"
age "$ROOT"/*.txt "$ROOT/ref.fa"
make_certificate a localhost
LISTEN=
config "${CLIENT_CONFIG[@]}" 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "$(tls_pairs a)"
start_ranged
unset CURL_CA_BUNDLE REQUESTS_CA_BUNDLE # these take precedence over the certificate in the script
cat >"$DIR/client.py" <<'END'
import sys, hashlib
kind, url, path, trust = sys.argv[1:]
data = open(path, "rb").read()
trust = trust or True

def get_requests(headers):
    r = session.get(url, headers=headers, timeout=60)
    return r.status_code, r.content, r.headers

def get_httpx(headers):
    r = session.get(url, headers=headers)
    return r.status_code, r.content, r.headers

def get_aiohttp(headers):
    async def go():
        context = ssl.create_default_context(cafile=trust) if isinstance(trust, str) else None
        async with aiohttp.ClientSession() as s, s.get(url, headers=headers, ssl=context) as r:
            return r.status, await r.read(), r.headers
    return asyncio.run(go())

if kind == "requests":
    import requests
    session = requests.Session()
    session.verify = trust
    get = get_requests
elif kind == "httpx":
    import httpx
    session = httpx.Client(verify=trust, timeout=60)
    get = get_httpx
else:
    import aiohttp, asyncio, ssl
    get = get_aiohttp

size = len(data)
for first, last in ((0, 0), (100000, 164999), (size - 100, size - 1)):
    status, body, headers = get({"Range": "bytes=%d-%d" % (first, last)})
    assert (status, body) == (206, data[first:last + 1]), ("range", first, status, len(body))
    assert headers["Content-Range"] == "bytes %d-%d/%d" % (first, last, size)
tag = headers["ETag"]
status, body, headers = get({"Range": "bytes=%d-" % (size // 3), "If-Range": tag})
assert (status, data[:size // 3] + body) == (206, data), ("resume", status)
status, body, headers = get({"Range": "bytes=%d-" % (size // 3), "If-Range": '"other"'})
assert (status, body) == (200, data), ("changed", status)
status, body, headers = get({"Range": "bytes=%d-" % size})
assert status == 416, status
status, body, headers = get({})
assert (status, body) == (200, data), ("whole", status, len(body))
print("right")
END
for kind in requests httpx aiohttp; do
	"$PYTHON" -c "import $kind" 2>/dev/null || continue
	diag "python3-$kind $(dpkg-query -W -f '${Version}' "python3-$kind")"
	for file in big.bin coded.txt ref.fa; do
		is "$("$PYTHON" "$DIR/client.py" "$kind" "$URL/$file" "$ROOT/$file" "" 2>&1 | tail -n 1)" right \
			"$kind: $file is read correctly"
	done
	tls=https://localhost:$(sed -n 's/^tls:.*://p' "$DIR/address")
	is "$("$PYTHON" "$DIR/client.py" "$kind" "$tls/big.bin" "$ROOT/big.bin" "$DIR/a.pem" 2>&1 | tail -n 1)" right \
		"$kind: a file is read correctly over TLS"
done
finish
