#!/bin/sh
# What users copy from contrib/: the shell scripts run, systemd finds nothing wrong with its units. The file for Kubernetes
# is checked by nothing.
#
#	contrib.sh AREQ TESTSERVER
set -eu

# shellcheck source=tests/support/common.sh
. "$(dirname "$0")/../support/common.sh"

areq=$(absolute "$1")
server=$(absolute "$2")
contrib=$(absolute "$(dirname "$0")/../../contrib")

for script in "$contrib"/*.sh; do
	sh -n "$script"
done

start_server "$server" --bind 127.0.0.1 --bind 127.0.0.2 --bind 127.0.0.3 --bind 127.0.0.4
be_nobody
LC_ALL=C
export LC_ALL
mkdir "$folder/bin" "$folder/work" "$folder/units"
ln -s "$areq" "$folder/bin/areq"
PATH=$folder/bin:$PATH
cd "$folder/work"

echo "contrib: rounds.sh"
# Without redirects, of which each shard has rows under another source_url.
curl -sf "$site/_/graph?seed=1&port=$port&pages=200&redirects=0" >/dev/null
echo "$site/_/graph/1/a/p0" >start.txt
areq -q --no-header --fail-on never --depth all --scope any start.txt 3>&- | sort >whole.tsv
[ "$(wc -l <whole.tsv)" -gt 300 ] || fail "the crawl has few rows"
sh "$contrib/rounds.sh" 3 start.txt --depth all --scope any 3>&-
for shard in 1 2 3; do
	[ -s links$shard.tsv ] || fail "shard $shard has no rows"
	sort -o links$shard.tsv links$shard.tsv
done
sort -m links[123].tsv | cmp - whole.tsv || fail "rounds.sh has other rows than one crawl"

echo "contrib: areq-slurm.sh"
rm -- *
# What Slurm's own srun does is to run the command.
printf '#!/bin/sh\nexec "$@"\n' >"$folder/bin/srun"
chmod +x "$folder/bin/srun"
for host in 1 2 3 4; do
	echo "http://127.0.0.$host:$port/_/page?links=9"
done >urls.txt
for task in 1 2 3; do
	SHARDS=3 SLURM_ARRAY_TASK_ID=$task sh "$contrib/areq-slurm.sh" 3>&-
done
areq -q --no-header urls.txt 3>&- | sort >whole.tsv
sort -m links[123].tsv | cmp - whole.tsv || fail "areq-slurm.sh has other rows than one run"
if ! grep -q '^#SBATCH --array=1-20$' "$contrib/areq-slurm.sh" || ! grep -q '{SHARDS:-20}' "$contrib/areq-slurm.sh"; then
	fail "areq-slurm.sh has not as many tasks as shards"
fi

if ! command -v systemd-analyze >/dev/null; then
	echo "contrib: systemd-analyze is not there, so that the units are not checked"
	exit
fi
echo "contrib: areq@.service and areq@.timer"
cp "$contrib"/areq@.* "$folder/units/"
sed -i "s,/usr/local/bin/areq ,$areq ," "$folder/units/areq@.service"
# It only warns of a key that it does not know.
systemd-analyze verify --man=no "$folder/units/areq@.service" "$folder/units/areq@.timer" >"$folder/said" 2>&1 3>&- ||
	fail "systemd refuses a unit: $(cat "$folder/said")"
[ ! -s "$folder/said" ] || fail "systemd warns of a unit: $(cat "$folder/said")"
