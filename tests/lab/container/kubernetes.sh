#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/fleet/kubernetes.yaml: its objects fit together, and a pod with its configuration, its volumes and its memory
# limit becomes ready and drains within the grace period.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../container.sh
. "$(dirname "$0")/../container.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all "needs the package python3-yaml"

# Writes the configuration to $DIR/config, and prints a line for each check that fails.
check_objects() {
	python3 - "$SOURCE/conf/fleet/kubernetes.yaml" "$SOURCE/Containerfile" "$DIR/config" <<-'END'
		import re, sys, yaml
		documents = list(yaml.safe_load_all(open(sys.argv[1])))
		kinds = {d["kind"]: d for d in documents}
		def check(name, holds):
		    if not holds: print(name)
		check("each kind once", len(kinds) == len(documents))
		versions = {"ConfigMap": "v1", "Deployment": "apps/v1", "PersistentVolumeClaim": "v1",
		            "PodDisruptionBudget": "policy/v1", "Service": "v1"}
		check("versions", {k: d["apiVersion"] for k, d in kinds.items()} == versions)
		deployment, service = kinds["Deployment"]["spec"], kinds["Service"]["spec"]
		template = deployment["template"]
		pod, labels = template["spec"], template["metadata"]["labels"]
		container, = pod["containers"]
		for selector in (deployment["selector"]["matchLabels"], service["selector"],
		                 kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
		                 pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]):
		    check("selector", selector.items() <= labels.items())
		ports = {p["name"]: p["containerPort"] for p in container["ports"]}
		for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
		    check(probe, container[probe]["httpGet"]["port"] in ports)
		check("ports of the service", all(p["targetPort"] in ports for p in service["ports"]))
		check("annotation", template["metadata"]["annotations"]["prometheus.io/port"] == str(ports["monitor"]))
		volumes = {v["name"]: v for v in pod["volumes"]}
		check("volumes", {m["name"] for m in container["volumeMounts"]} == set(volumes))
		check("config", volumes["config"]["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"])
		claim = volumes["files"]["persistentVolumeClaim"]["claimName"]
		check("claim", claim == kinds["PersistentVolumeClaim"]["metadata"]["name"])
		user = re.search(r"^USER (\d+):(\d+)$", open(sys.argv[2]).read(), re.M)
		context = pod["securityContext"]
		check("user", (context["runAsUser"], context["runAsGroup"]) == (int(user[1]), int(user[2])))
		check("pod", context["runAsNonRoot"] and context["seccompProfile"]["type"] == "RuntimeDefault")
		check("container", container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
		                                                    "capabilities": {"drop": ["ALL"]}})
		text = kinds["ConfigMap"]["data"]["ranged.conf"]
		open(sys.argv[3], "w").write(text)
		drain = sum(int(re.search(key + r" = .*?(\d+)s", text)[1]) for key in ("drain_delay", "drain_timeout"))
		check("grace period", pod["terminationGracePeriodSeconds"] >= drain + 2)
		for key, port in (("listen", "http"), ("monitor", "monitor")):
		    check(key, re.search(f'{key} = {{":{ports[port]}"}}', text))
	END
}
is "$(check_objects)" "" "the objects fit together"

make_file a.bin 300007
make_image
install -m 644 "$DIR/config" "$IMAGE/etc/ranged/ranged.conf"
mkdir -p "$IMAGE/var/lib/ranged" "$DIR/state"
chown 10001:10001 "$DIR/state"
MOUNTS+=("$DIR/state:/var/lib/ranged:rw")
MEMORY=$((2 << 30))
VARIABLES=(RANGED_CACHE_SIZE=64M RANGED_DRAIN_DELAY=1s)
start_container --config /etc/ranged/ranged.conf
not_ok "no warning is logged" grep 'warning' "$DIR/stderr.container"
get_contained /healthz
is "$STATUS" 200 "the pod is ready"
is "$(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9181/healthz)" 200 "the pod is alive"
get_contained /a.bin
cmp_whole a.bin "the volume is served"
"${CRUN[@]}" kill "$CONTAINER" TERM
readiness() { get_contained /healthz; [ "$STATUS" = 503 ]; }
ok "the pod is not ready while it drains" await 10 readiness
is "$(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9181/healthz)" 200 "it is alive while it drains"
wait "$RUNTIME"
is $? 0 "the pod ends with status 0"
ok "the list of cached files is in the volume" test -s "$DIR/state/cache-state"
finish
