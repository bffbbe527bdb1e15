#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# requests, httpx and aiohttp, which accept gzip in each request: ranges, resumed downloads and whole files are correct,
# with a FILE.gz beside FILE, also if it is a bgzip file, and over TLS.
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../http/tls.sh
. "$LIB/tls.sh"

"$PYTHON" -c 'import sys, importlib.util; sys.exit(importlib.util.find_spec("requests") is None)' || missing "needs Python's requests (the package python3-requests)"
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
# Arguments: the module, and URL, FILE and CERTIFICATE of each download.
kind, downloads = sys.argv[1], sys.argv[2:]

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
    get = get_requests
elif kind == "httpx":
    import httpx
    get = get_httpx
else:
    import aiohttp, asyncio, ssl
    get = get_aiohttp

def check():
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
    return "right"

while downloads:
    url, path, trust = downloads[:3]
    del downloads[:3]
    trust = trust or True
    data = open(path, "rb").read()
    if kind == "requests":
        session = requests.Session()
        session.verify = trust
    elif kind == "httpx":
        session = httpx.Client(verify=trust, timeout=60)
    try:
        print(check())
    except Exception as error:
        print(repr(error))
END
tls=https://localhost:$(sed -n 's/^tls:.*://p' "$DIR/address")
for kind in requests httpx aiohttp; do
	"$PYTHON" "$DIR/client.py" "$kind" "$URL/big.bin" "$ROOT/big.bin" "" "$URL/coded.txt" "$ROOT/coded.txt" "" "$URL/ref.fa" "$ROOT/ref.fa" "" \
		"$tls/big.bin" "$ROOT/big.bin" "$DIR/a.pem" >"$DIR/results" 2>"$DIR/errors"
	! grep -q '^ModuleNotFoundError' "$DIR/errors" || continue
	diag "python3-$kind $(dpkg-query -W -f '${Version}' "python3-$kind")"
	mapfile -t results <"$DIR/results"
	[ ${#results[@]} = 4 ] || diag "$(tail -n 3 "$DIR/errors")"
	is "${results[0]-}" right "$kind: big.bin is read correctly"
	is "${results[1]-}" right "$kind: coded.txt is read correctly"
	is "${results[2]-}" right "$kind: ref.fa is read correctly"
	is "${results[3]-}" right "$kind: a file is read correctly over TLS"
done
finish
