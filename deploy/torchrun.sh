#!/usr/bin/env bash
# One stage that trains, on several nodes: run this on each of them, in the same checkout on a disk that all see.
#
#   NODES=2 NODE=0 HEAD=10.0.0.1:29500 deploy/torchrun.sh fit finance_risk     # on the first node
#   NODES=2 NODE=1 HEAD=10.0.0.1:29500 deploy/torchrun.sh fit finance_risk     # on the second
#
# PER_NODE processes on each (one a GPU; 1 if not set). params.yaml says the same: fit.devices: PER_NODE, fit.num_nodes: NODES.
# The first process of the first node runs the stage through DVC and writes all outs; the others help it train.
set -euo pipefail
if [ $# -ne 2 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
cd "$(dirname "$0")/.."
python=python
if [ -x .venv/bin/python ]; then python=.venv/bin/python; fi
exec "$python" -m torch.distributed.run \
  --nnodes "${NODES:?how many nodes}" --node-rank "${NODE:?the number of this node, from 0}" \
  --nproc-per-node "${PER_NODE:-1}" --master-addr "${HEAD%:*}" --master-port "${HEAD##*:}" \
  --max-restarts 0 -m pipelines.torchrun "$1" "$2"
