#!/bin/sh
# A crawl that several processes share: each round runs areq once for each shard, on all URLs that are known so far, and
# the URLs that shards have found for each other are added to the list of the next round. The last round finds no more,
# and its rows are those of the whole crawl: linksK.tsv of shard K. Needs GNU parallel.
#
#	rounds.sh SHARDS LIST [OPTION]...
#
# The options are for areq, such as --depth all --scope site. A round begins anew, so that a page is asked for once in each
# round. Only with --depth all do the rounds find what one process finds, since every URL of a list has the depth 0.
set -eu
shards=$1 list=$2
shift 2

sort -u "$list" >known.txt
while :; do
	seq "$shards" | parallel -q areq -q --no-header --fail-on never "$@" --shard "{}/$shards" -o "links{}.tsv" \
		--elsewhere "elsewhere{}.txt" known.txt
	seq -f 'elsewhere%.0f.txt' "$shards" | xargs sort -u known.txt >next.txt
	if cmp -s known.txt next.txt; then
		rm next.txt
		exit
	fi
	mv next.txt known.txt
done
