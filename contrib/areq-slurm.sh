#!/bin/sh
# A list that the tasks of a Slurm job array share, one shard each. Set the two numbers below to the same value, and submit
# it where urls.txt is, on a file system that all nodes see:
#
#	sbatch areq-slurm.sh
#
# If task 7 is lost, `sbatch --array=7 areq-slurm.sh` runs its shard again. This is why the number of shards is not
# SLURM_ARRAY_TASK_COUNT, which would then be 1. At the end, `sort -m links*.tsv` merges the rows.
#SBATCH --job-name=areq
#SBATCH --array=1-20
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=256M
#SBATCH --time=6:00:00
#SBATCH --signal=TERM@60
#SBATCH --output=areq-%A-%a.log
set -eu
shards=${SHARDS:-20}
task=$SLURM_ARRAY_TASK_ID

# --signal lets areq write what it has, and what is left goes to the list of failed URLs.
status=0
srun areq -q --no-header --fail-on 10% --shard "$task/$shards" -o "rows$task.tsv" --failed "failed$task.txt" \
	--summary-json "summary$task.json" urls.txt || status=$?
sort -o "links$task.tsv" "rows$task.tsv"
exit $status
